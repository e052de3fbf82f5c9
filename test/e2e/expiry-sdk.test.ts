import WebSocket from "ws";
import { PushIt, type PushItOptions, type StateChange } from "push-it-client";
import { expire, GUARDS_THAT_VOUCH, OVER } from "./support/expiry.js";
import { retrying } from "./support/retrying.js";
import { TestSystem } from "./support/system.js";
import { Waiting } from "./support/waiting.js";

const HOUR = 3_600_000;

/** The SDK with agents that have to be renewed. */
describe("a client whose agent has to be renewed", () => {
  let system: TestSystem;
  const clients: PushIt[] = [];
  beforeAll(async () => {
    system = await TestSystem.start({ guards: GUARDS_THAT_VOUCH });
  });
  afterAll(async () => {
    for (const client of clients) client.disconnect();
    await system.close();
  });

  const client = (
    options: Partial<PushItOptions>,
  ): {
    pushIt: PushIt;
    states: StateChange[];
    state: (find: (change: StateChange) => boolean) => Promise<StateChange>;
  } => {
    const pushIt = new PushIt({ url: system.running.websocketUrl, WebSocket, ...options });
    clients.push(pushIt);
    const states: StateChange[] = [];
    const waiting = new Waiting();
    pushIt.on("state", (change) => {
      states.push(change);
      waiting.notify();
    });
    return {
      pushIt,
      states,
      state: (find) =>
        waiting.until(
          () => states.find(find),
          () => `a state; there were ${JSON.stringify(states)}`,
        ),
    };
  };

  it("is renewed before its time, with fresh credentials, and stays connected", async () => {
    const waiting = new Waiting();
    let given = 0;
    const { pushIt, states, state } = client({
      channels: ["sdk"],
      credentials: () => {
        given += 1;
        waiting.notify();
        return { user: "sue", forMs: given < 3 ? 2_000 : HOUR };
      },
    });
    await state(({ state: now }) => now === "connected");
    await waiting.until(
      () => given >= 3,
      () => `three times asked for credentials; ${given}`,
    );
    const refreshes = await system.invoked((all) => {
      const found = all.filter(
        ({ event }) => JSON.stringify(event).includes("sue") && JSON.stringify(event).includes('"refresh"'),
      );
      return found.length >= 2 && found;
    }, "two renewals");
    expect(refreshes).toHaveLength(2);
    const received = new Promise((resolve) => pushIt.channel("sdk").on("message", ({ data }) => resolve(data)));
    await pushIt.channel("sdk").publish("after");
    expect(await received).toBe("after");
    expect(states.map(({ state: now }) => now)).toEqual(["connecting", "connected"]);
  });

  it("is denied when it is renewed: for good, with the guard's reason", async () => {
    let given = 0;
    const { state, states } = client({
      credentials: () => (++given === 1 ? { user: "tom", forMs: 1_000 } : { verdict: "deny" }),
    });
    expect(await state(({ state: now }) => now === "denied")).toMatchObject({
      previous: "connected",
      code: "denied",
      reason: "Suspended.",
    });
    expect(states).toHaveLength(3);
  });

  it("connects again with fresh credentials when it has expired", async () => {
    let user = "uma";
    const { pushIt, state } = client({ channels: ["umas"], credentials: () => ({ user, forMs: HOUR }), retryBase: 10 });
    await state(({ state: now }) => now === "connected");
    await retrying(() => pushIt.channel("umas").subscribe());
    const row = (await system.rows()).find(({ n }) => n === "uma");
    user = "una";
    await expire(system, (row?.["pk"] ?? "").slice(2), OVER);
    await expect(pushIt.channel("umas").publish("late")).rejects.toMatchObject({ code: "expired" });
    await state(({ code }) => code === "expired");
    const again = await state(
      ({ previous, state: now, code }) => previous === "connecting" && now === "connected" && code === "connected",
    );
    expect(again).toBeDefined();
    const { result } = await retrying(() => pushIt.channel("umas").publish("again"));
    expect(result).toEqual({ user: "una", renewed: false });
  });
});
