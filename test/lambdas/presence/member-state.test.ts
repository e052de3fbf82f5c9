import { notifyChannel } from "../../../lambdas/presence/presence-notifier.js";
import { openGuards } from "../../../lambdas/guards/developer-guards.js";
import type { GuardPort } from "../../../lambdas/ports.js";
import type { Json } from "../../../protocol/index.js";
import { agentOf, NOW } from "../support/fakes.js";
import { setUp } from "./presence-notifier-system.js";

const CHANNEL = "rooms/1";
const ada = (connectionId: string) => agentOf(connectionId, { userId: "ada" });

/** A system whose member `ada` is announced, and what its subscribers receive after that. */
const withMember = async (connections = ["c1"], guards: Partial<GuardPort> = {}) => {
  const system = await setUp();
  const dependencies = { ...system.dependencies, guards: { ...openGuards, ...guards } };
  const { recorder, members, clock } = system;
  const join = async (connectionId: string) => {
    await recorder.join(ada(connectionId), [CHANNEL]);
    await recorder.announceJoins(ada(connectionId), [CHANNEL]);
  };
  const notify = () => notifyChannel(dependencies, CHANNEL);
  const setState = (connectionId: string, state: Json) => {
    clock.advance(1_000);
    return recorder.setState(ada(connectionId), CHANNEL, state);
  };
  const leave = (connectionId: string) => recorder.leave(connectionId, [CHANNEL]);
  for (const each of connections) await join(each);
  await notify();
  const before = system.receivedEvents().length;
  const events = () => system.receivedEvents().slice(before);
  const states = () => events().map(({ changed }) => changed?.state ?? (changed ? "none" : undefined));
  return { ...system, members, join, leave, notify, setState, events, states };
};

describe("a state", () => {
  it("is sent as `changed` with the member, once", async () => {
    const { setState, notify, events, asked } = await withMember();
    asked.length = 0;
    expect(await setState("c1", { typing: true })).toBe(true);
    expect(asked).toEqual([CHANNEL]);
    await notify();
    await notify();
    const changed = {
      agent: "uuid-of-c1",
      userId: "ada",
      connections: ["uuid-of-c1"],
      state: { typing: true },
    };
    expect(events()).toEqual([{ channel: CHANNEL, changed, at: expect.any(Number) }]);
    expect(events()[0]!.at).toBeGreaterThan(NOW);
  });

  it("that changes again is sent once, and its removal too", async () => {
    const { setState, notify, states } = await withMember();
    await setState("c1", 1);
    await setState("c1", 2);
    await notify();
    await setState("c1", null);
    await notify();
    await setState("c1", null);
    await notify();
    expect(states()).toEqual([2, "none"]);
  });

  it("of a new member follows its `joined`", async () => {
    const { join, setState, notify, events } = await withMember([]);
    await join("c1");
    await setState("c1", "here");
    await notify();
    expect(events()).toMatchObject([{ joined: { userId: "ada" } }, { changed: { state: "here" } }]);
    expect(events()[0]!.joined).not.toHaveProperty("state");
    expect(events()[1]!.at).toBeGreaterThan(events()[0]!.at);
  });

  it("is that of the connection that set it last", async () => {
    const { setState, notify, leave, states } = await withMember(["c1", "c2"]);
    await setState("c1", "first");
    await setState("c2", "second");
    await notify();
    await leave("c2");
    await notify();
    await leave("c1");
    expect(states()).toEqual(["second", "first"]);
  });

  it("stays without an event when another connection sets the same", async () => {
    const { setState, notify, join, leave, states } = await withMember();
    await setState("c1", "here");
    await notify();
    await join("c2");
    await setState("c2", "here");
    await leave("c1");
    await notify();
    expect(states()).toEqual(["here"]);
  });

  it("can be removed after the connection that set it first has left", async () => {
    const { setState, notify, join, leave, states } = await withMember();
    await setState("c1", "here");
    await notify();
    await join("c2");
    await setState("c2", "here");
    await leave("c1");
    await notify();
    await notify();
    await setState("c2", null);
    await notify();
    expect(states()).toEqual(["here", "none"]);
  });

  it("ends when its connection leaves the channel", async () => {
    const { setState, notify, leave, states, asked } = await withMember(["c1", "c2"]);
    await setState("c1", "here");
    await notify();
    asked.length = 0;
    await leave("c1");
    expect(asked).toEqual([CHANNEL]);
    await notify();
    expect(states()).toEqual(["here", "none"]);
  });

  it("of an agent that is not a member is refused", async () => {
    const { setState, leave, asked } = await withMember();
    await leave("c1");
    asked.length = 0;
    expect(await setState("c1", "here")).toBe(false);
    expect(await setState("other", "here")).toBe(false);
    expect(asked).toEqual([]);
  });

  it("is sent again with the same uuid after a crash", async () => {
    const { setState, notify, members, connections } = await withMember();
    await setState("c1", "here");
    members.before = (step) => {
      if (step === "announceState") throw new Error("crashed");
    };
    await expect(notify()).rejects.toThrow("crashed");
    members.before = () => undefined;
    await notify();
    const uuids = (connections.received("listener") as { uuid: string; data: { changed?: object } }[])
      .filter(({ data }) => data.changed)
      .map(({ uuid }) => uuid);
    expect(uuids).toHaveLength(2);
    expect(new Set(uuids).size).toBe(1);
  });
});

describe("the delivery guard", () => {
  it("is asked about each `changed`, and about no join", async () => {
    const asked: unknown[] = [];
    const { setState, notify, events } = await withMember(["c1"], {
      guardsDelivery: async (channel) => channel === CHANNEL,
      delivery: async (_agent, message) => (asked.push({ ...message, uuid: "" }), undefined),
    });
    expect(asked).toEqual([]);
    await setState("c1", "secret");
    await notify();
    expect(asked).toEqual([{ channel: CHANNEL, uuid: "", data: "secret" }]);
    expect(events()).toEqual([]);
  });

  it("may change the state for a recipient", async () => {
    const { setState, notify, states } = await withMember(["c1"], {
      guardsDelivery: async () => true,
      delivery: async (_agent, message) => ({ ...message, data: "changed" }),
    });
    await setState("c1", "secret");
    await notify();
    expect(states()).toEqual(["changed"]);
  });
});
