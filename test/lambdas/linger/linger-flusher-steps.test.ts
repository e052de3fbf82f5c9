import { type FlushTask, leaseMs, restartFlushers } from "../../../lambdas/linger/linger.js";
import { publishUnanswered as publish } from "../delivery/fan-out-system.js";
import {
  agent,
  CHANNEL,
  expectNothingLeft,
  outgoing,
  post,
  received,
  run,
  runAll,
  type System,
  systemOf,
} from "./linger-flusher-system.js";

const MINUTE = 60_000;

/** Kills the running function at its `at`-th step from now on. Returns a function that ends this. */
const dieAt = (system: System, at: number) => {
  let step = 0;
  const dead = { died: "" };
  const check = (name: string): void => {
    if ((step += 1) >= at) {
      dead.died ||= name;
      throw new Error("killed");
    }
  };
  const { post: deliver } = system.connections;
  const { log, leases } = system.lingering;
  let came = false;
  system.lingering.before = (name) => {
    // Another publisher relies on the lease at the last moment: it stores a message, sees the lease, and succeeds.
    if (name === "releaseLease" && !came && (leases.get(CHANNEL)?.until ?? 0) > system.clock.now()) {
      came = true;
      const id = String(system.clock.now());
      log.set(`${CHANNEL} ${id}`, { id, message: outgoing("last") });
    }
    check(name);
  };
  system.store.before = { subscribers: () => check("subscribers") };
  system.connections.post = (...args) => {
    // A killed process neither posts nor learns the results of its posts. The frames that it had posted arrive.
    if ((step += 1) >= at) {
      dead.died ||= "post";
      return Promise.reject(new Error("killed"));
    }
    return deliver.apply(system.connections, args);
  };
  return {
    dead,
    restore: () => {
      system.lingering.before = () => undefined;
      system.store.before = {};
      system.connections.post = deliver.bind(system.connections);
    },
  };
};

const RECOVERIES: [who: string, recover: (system: System, task: FlushTask) => Promise<void>][] = [
  [
    "Lambda's retry",
    async (system, task) => {
      system.clock.advance(MINUTE);
      await run(system, task);
    },
  ],
  [
    "the sweep",
    async (system) => {
      system.clock.advance(leaseMs(system.settings, CHANNEL));
      await restartFlushers(system);
    },
  ],
  [
    "the next publication",
    async (system) => {
      system.clock.advance(leaseMs(system.settings, CHANNEL));
      await post(system, "next");
    },
  ],
];

/** More steps than a run has. */
const STEPS = 20;

/** The first messages. A flusher that finds a single message does not stay for another window. */
const FIRST = [{ first: ["m1"] }, { first: ["m1", "m2"] }];

describe.each(RECOVERIES)("a flusher that is killed before any step, recovered by %s", (_who, recover) => {
  test.each(FIRST)("delivers every message and leaves no rows: $first", async ({ first }) => {
    const died = new Set<string>();
    for (let at = 1; at <= STEPS; at += 1) {
      const system = await systemOf();
      await post(system, ...first);
      const [task] = system.tasks.splice(0);
      const { dead, restore } = dieAt(system, at);
      await run(system, task!).catch(() => undefined);
      restore();
      if (dead.died) died.add(dead.died);
      await recover(system, task!);
      await runAll(system);
      expect([at, new Set(received(system).filter((uuid) => uuid !== "next"))]).toEqual([
        at,
        new Set([...first, "last"]),
      ]);
      expectNothingLeft(system);
    }
    expect([...died].sort()).toEqual([
      "acquireLease",
      "deleteLease",
      "post",
      "releaseLease",
      "remove",
      "subscribers",
      "waiting",
    ]);
  });
});

describe("a publisher that is killed before any step", () => {
  test("affects no other message, and its own only if it failed", async () => {
    for (let at = 1; at <= 5; at += 1) {
      const system = await systemOf();
      const invokeFlush = async (task: FlushTask): Promise<void> => {
        await system.lingering.before("expiredLeases");
        await system.invokeFlush(task);
      };
      const { dead, restore } = dieAt(system, at);
      const first = await publish({ ...system, invokeFlush }, agent, [outgoing("m1")]).then(
        () => true,
        () => false,
      );
      restore();
      // Another publisher meets the rows that the first one left, while the first one's lease may still hold.
      await post(system, "m2");
      system.clock.advance(leaseMs(system.settings, CHANNEL));
      await restartFlushers(system);
      await runAll(system);
      expect([at, received(system).includes("m2")]).toEqual([at, true]);
      expect([at, first]).toEqual([at, dead.died === ""]);
      if (first) expect(received(system)).toContain("m1");
      expectNothingLeft(system);
    }
  });
});

describe("a publication between any two steps of a flusher", () => {
  /** The number of steps of a run that finds these messages. */
  const steps = async (first: string[]): Promise<number> => {
    const system = await systemOf();
    let count = 0;
    await post(system, ...first);
    system.lingering.before = () => void (count += 1);
    await runAll(system);
    return count;
  };

  // The run has $expected steps.
  test.each([
    { first: ["m1"], expected: 6 },
    { first: ["m0", "m1"], expected: 8 },
  ])("is delivered at whatever steps it is stored and reads the lease", async ({ first, expected }) => {
    const count = await steps(first);
    expect(count).toBe(expected);
    for (let stored = 1; stored <= count; stored += 1) {
      for (let asked = stored; asked <= count + 1; asked += 1) {
        const system = await systemOf();
        await post(system, ...first);
        const plain = system.lingering;
        let go = (): void => undefined;
        const held = new Promise<void>((resolve) => (go = resolve));
        // The second publisher stores its message, then waits until the flusher is at its step `asked`.
        const heldUntil = async (channel: string): Promise<number> => {
          await held;
          return plain.leases.get(channel)?.until ?? 0;
        };
        const append: typeof plain.append = async (entries) =>
          entries.forEach((entry) => plain.log.set(`${CHANNEL} ${entry.id}`, entry));
        const hold: typeof plain.acquireLease = async (lease) => {
          const present = plain.leases.get(lease.channel);
          if (present && present.until > system.clock.now()) return false;
          plain.leases.set(lease.channel, lease);
          return true;
        };
        const other = {
          ...system,
          lingering: {
            append,
            heldUntil,
            acquireLease: hold,
            remove: plain.remove.bind(plain),
            releaseLease: plain.releaseLease.bind(plain),
            waiting: plain.waiting.bind(plain),
            deleteLease: plain.deleteLease.bind(plain),
            expiredLeases: plain.expiredLeases.bind(plain),
          },
        };
        let second: Promise<unknown> | undefined;
        let at = 0;
        const [task] = system.tasks.splice(0);
        plain.before = async () => {
          at += 1;
          if (at === stored) second = publish(other, agent, [outgoing("m2")]);
          if (at === asked) go();
          // The publisher runs as far as it can now.
          for (let turn = 0; turn < 10; turn += 1) await Promise.resolve();
        };
        await run(system, task!);
        plain.before = () => undefined;
        go();
        await second;
        await runAll(system);
        expect([stored, asked, new Set(received(system))]).toEqual([stored, asked, new Set([...first, "m2"])]);
        expectNothingLeft(system);
      }
    }
  });
});
