import { checkPresence, HEARTBEAT_MARGIN_MS, SECOND_CHECK_MS } from "../../../lambdas/presence/presence-checker.js";
import { DEFAULT_SETTINGS } from "../../../lambdas/settings.js";
import { agentOf, NOW, TestClock, TestLog } from "../support/fakes.js";
import { MemoryStore } from "../support/memory-store.js";
import { MemoryLiveness } from "./presence-fakes.js";

const MINUTE = 60_000;
const settings = { ...DEFAULT_SETTINGS, channels: { "rooms/*": { presence: true } } as const };
const SILENT_AFTER = settings.presenceHeartbeatMs + HEARTBEAT_MARGIN_MS;

const setUp = (more: Partial<typeof settings> = {}) => {
  const [store, liveness, clock, log] = [new MemoryStore(), new MemoryLiveness(), new TestClock(), new TestLog()];
  /** The answers of API Gateway, by connection; left out: it exists. */
  const states = new Map<string, (boolean | undefined)[]>();
  const asked: [connectionId: string, at: number][] = [];
  const [closed, disconnected, left]: [string[], string[], [string, readonly string[], number | undefined][]] = [
    [],
    [],
    [],
  ];
  const system = {
    store,
    liveness,
    clock,
    log,
    settings: { ...settings, ...more },
    guards: {
      disconnected: async ({ connectionId }: { connectionId: string }) => void disconnected.push(connectionId),
    },
    recorder: {
      leave: async (id: string, channels: readonly string[], joinedBefore?: number) =>
        void left.push([id, channels, joinedBefore]),
    },
    connections: {
      exists: async (id: string) => {
        asked.push([id, clock.now()]);
        const [next = true] = states.has(id) ? [states.get(id)!.shift()] : [];
        return states.has(id) ? next : true;
      },
      close: async (id: string) => (closed.push(id), true),
    },
  };
  const join = async (...ids: string[]) => {
    for (const id of ids) {
      await store.with(agentOf(id), "rooms/1", "plain");
      await liveness.begin(agentOf(id), clock.now());
    }
  };
  const check = (at = clock.now(), hasTime = () => true) => checkPresence(system, at, hasTime);
  return { ...system, states, asked, closed, disconnected, left, join, check };
};

describe("the presence checker", () => {
  it("leaves members alone whose connections exist", async () => {
    const { join, clock, check, closed, left } = setUp();
    await join("c1", "c2");
    clock.advance(MINUTE);
    expect(await check()).toEqual({ checked: 2, closed: 0, silent: 0, left: 0 });
    expect([closed, left]).toEqual([[], []]);
  });

  it("removes an agent after two answers that its connection is gone", async () => {
    const { join, clock, check, states, asked, closed, disconnected, store } = setUp();
    await join("c1", "c2");
    clock.advance(MINUTE);
    states.set("c1", [false, false]);
    expect(await check()).toMatchObject({ closed: 1 });
    expect([closed, disconnected]).toEqual([["c1"], ["c1"]]);
    expect(await store.connectionRecord("c1")).toBeUndefined();
    const [first, second] = asked.filter(([id]) => id === "c1").map(([, at]) => at);
    expect(second! - first!).toBeGreaterThanOrEqual(SECOND_CHECK_MS);
  });

  it.each([
    ["exists the second time", [false, true]],
    ["is not known the second time", [false, undefined]],
    ["is not known", [undefined]],
  ])("keeps a connection that %s", async (_, answers) => {
    const { join, clock, check, states, closed } = setUp();
    await join("c1");
    clock.advance(MINUTE);
    states.set("c1", answers);
    expect(await check()).toMatchObject({ closed: 0 });
    expect(closed).toEqual([]);
  });

  it("does not ask about a connection that has just joined", async () => {
    const { join, clock, check, asked } = setUp();
    await join("c1");
    clock.advance(29_999);
    await check();
    expect(asked).toEqual([]);
  });

  it("ends the memberships of a silent connection, and keeps it open", async () => {
    const { join, clock, check, liveness, left, closed } = setUp();
    await join("c1");
    clock.advance(SILENT_AFTER);
    expect(await check()).toMatchObject({ silent: 0 });
    clock.advance(1);
    expect(await check()).toMatchObject({ silent: 1, checked: 0 });
    expect(left).toEqual([["c1", ["rooms/1"], clock.now()]]);
    expect([closed, liveness.rows.size]).toEqual([[], 0]);
  });

  it("keeps a connection whose heartbeat comes during the check", async () => {
    const { join, clock, check, liveness, left } = setUp();
    await join("c1");
    clock.advance(SILENT_AFTER + 1);
    liveness.before = async (step) => {
      if (step !== "markSilent") return;
      liveness.before = () => undefined;
      await liveness.renew("c1", clock.now());
    };
    expect(await check()).toMatchObject({ silent: 0 });
    expect([left, liveness.rows.size]).toEqual([[], 1]);
  });

  it("finishes the end of a silent connection that another run began", async () => {
    const { join, clock, check, liveness, left } = setUp();
    await join("c1");
    await liveness.markSilent(liveness.rows.get("c1")!, NOW + 5);
    clock.advance(MINUTE);
    expect(await check()).toMatchObject({ silent: 1 });
    expect(left).toEqual([["c1", ["rooms/1"], NOW + 5]]);
    expect(liveness.rows.size).toBe(0);
  });

  it("asks at most as often in a second as the settings say", async () => {
    const { join, clock, check, asked } = setUp({ presenceChecksPerSecond: 10 });
    await join(...Array.from({ length: 30 }, (_, at) => `c${at}`));
    clock.advance(MINUTE);
    const begun = clock.now();
    await check();
    expect(asked).toHaveLength(30);
    for (let second = 0; second < 3; second += 1) {
      const within = asked.filter(([, at]) => at >= begun + second * 1_000 && at < begun + (second + 1) * 1_000);
      expect(within.length).toBeLessThanOrEqual(10);
    }
  });

  it("counts connections for which there was no time", async () => {
    const { join, clock, check, asked } = setUp();
    await join("c1", "c2", "c3");
    clock.advance(MINUTE);
    let calls = 0;
    expect(await check(clock.now(), () => (calls += 1) <= 2)).toMatchObject({ checked: 2, left: 1 });
    expect(asked).toHaveLength(2);
  });

  it("logs a connection that it could not end, and goes on", async () => {
    const { join, clock, check, states, store, log } = setUp();
    await join("c1", "c2");
    clock.advance(MINUTE);
    for (const id of ["c1", "c2"]) states.set(id, [false, false]);
    let first = true;
    store.takeConnection = async () => {
      if (first) throw ((first = false), new Error("throttled"));
      return undefined;
    };
    expect(await check()).toMatchObject({ closed: 1, left: 1 });
    expect(log.events("error")).toEqual(["presence_check_failed"]);
  });

  it("visits some of the shards in each run with longer leases", async () => {
    for (const [lease, runs] of [
      [2, 1],
      [3, 2],
      [10, 9],
    ] as const) {
      const { liveness, check, clock } = setUp({ presenceLeaseMs: lease * MINUTE });
      const visited: number[] = [];
      liveness.ofShard = async function* (shard) {
        visited.push(shard);
        yield [];
      };
      for (let run = 0; run < runs; run += 1) await check(clock.now() + run * MINUTE);
      expect(visited.sort((one, other) => one - other)).toEqual(Array.from({ length: 16 }, (_, shard) => shard));
    }
  });
});
