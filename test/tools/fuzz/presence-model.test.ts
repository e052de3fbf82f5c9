import { requireMember } from "../../../tools/fuzz/answer-matching.js";
import { DeliveryModel } from "../../../tools/fuzz/delivery-model.js";
import { predict } from "../../../tools/fuzz/oracle.js";
import { PresenceChecker } from "../../../tools/fuzz/presence-checker.js";
import { PresenceModel } from "../../../tools/fuzz/presence-model.js";
import type { Json } from "../../../protocol/index.js";

const CHANNEL = "moods/a";
const ann = { key: 1, name: "ann", agent: "agent-of-ann" };
const bob = { key: 2, name: "bob", agent: "agent-of-bob" };

const subscribe = (present?: boolean) =>
  predict(
    JSON.stringify({ action: "subscribe", channel: "/meta/subscribe", uuid: "u", data: { channel: CHANNEL, present } }),
    ann,
  );
const unsubscribe = predict(
  JSON.stringify({ action: "unsubscribe", channel: "/meta/unsubscribe", uuid: "u", data: { channel: CHANNEL } }),
  ann,
);
const set = (state: Json) =>
  predict(
    JSON.stringify({ action: "state", channel: "/meta/presence", uuid: "u", data: { channel: CHANNEL, state } }),
    ann,
  );

const setUp = () => {
  const deliveries = new DeliveryModel();
  for (const member of [ann, bob]) deliveries.join(member, [], 0);
  const presence = new PresenceModel(deliveries);
  const agents = [ann, bob];
  const agentById = (id: string) => agents.find(({ agent }) => agent === id);
  const checker = new PresenceChecker(deliveries, presence, { agentById }, () => agents);
  /** Sends frames of one agent at once. */
  const send = (predictions: ReturnType<typeof set>[], member = ann) => {
    deliveries.open();
    const changes = {
      subscribe: new Set(predictions.flatMap((each) => each.subscribe)),
      unsubscribe: new Set(predictions.flatMap((each) => each.unsubscribe)),
    };
    deliveries.mayBeSubscribed(member, changes.subscribe);
    for (const each of predictions) presence.expect(member, each, false);
    deliveries.settle(member, changes);
    presence.settle(member);
  };
  return { deliveries, presence, checker, send };
};

describe("the presence model", () => {
  it("knows members, observers and agents of neither kind", () => {
    const { presence, send } = setUp();
    expect(presence.isMember(ann, CHANNEL)).toBe(false);
    send([subscribe()]);
    expect(presence.isMember(ann, CHANNEL)).toBe(true);
    send([subscribe(false)]);
    expect(presence.isMember(ann, CHANNEL)).toBe(false);
    send([subscribe(true), subscribe(false)]);
    expect(presence.isMember(ann, CHANNEL)).toBeUndefined();
    send([unsubscribe]);
    expect(presence.isMember(ann, CHANNEL)).toBe(false);
  });

  it("knows the state that a member set last", () => {
    const { presence, send } = setUp();
    const states = (): string[] => [...presence.statesOf(ann, CHANNEL)].sort();
    send([subscribe()]);
    send([set({ typing: true })]);
    expect(states()).toEqual(['{"typing":true}']);
    send([set(1), set(2)]);
    expect(states()).toEqual(["1", "2"]);
    send([subscribe()]);
    expect(states()).toEqual(["1", "2"]);
    send([set(3), unsubscribe, subscribe()]);
    expect(states()).toEqual(["1", "2", "3", "null"]);
    send([subscribe(false)]);
    expect(states()).toEqual(["null"]);
  });

  it("expects no state of an agent that is not a member", () => {
    const codes = (isMember: boolean | undefined) => {
      const { outcome } = requireMember(set(1), () => isMember);
      return outcome.kind === "answers" ? outcome.answers.map(({ code, unsureMember }) => [code, unsureMember]) : [];
    };
    expect([true, undefined, false].map(codes)).toEqual([
      [[undefined, undefined]],
      [[undefined, true]],
      [["no_presence", undefined]],
    ]);
  });
});

describe("the presence checker", () => {
  const member = (more: object = {}) => ({ agent: ann.agent, info: "ann", connections: [ann.agent], ...more });
  const page = (...members: object[]) => ({ channel: CHANNEL, count: members.length, members: members as Json[] });
  const query = { channel: CHANNEL, after: "" };
  const event = (data: object) => ({
    channel: "/meta/presence",
    uuid: "u",
    data: { channel: CHANNEL, at: 1, ...data },
  });
  const withState = () => {
    const all = setUp();
    all.send([subscribe()]);
    all.send([set("x")]);
    all.send([subscribe(false)], bob);
    return all;
  };

  it("accepts the members with their states", () => {
    const { checker } = withState();
    expect(checker.checkPage(bob, query, page(member({ state: "x" })))).toBeUndefined();
    expect(checker.checkEvent(bob, event({ changed: member({ state: "x" }) }))).toBeUndefined();
    expect(checker.checkEvent(bob, event({ joined: member() }))).toBeUndefined();
  });

  it.each<[string, object[], RegExp]>([
    ["nobody", [], /no member "ann"/],
    ["a member without its state", [member()], /without its state/],
    ["another state", [member({ state: "y" })], /does not have/],
    [
      "an observer",
      [member({ state: "x" }), { agent: bob.agent, info: "bob", connections: [bob.agent] }],
      /not present/,
    ],
    ["a user that it does not have", [member({ state: "x", userId: "mallory" })], /invalid member/],
  ])("finds a list with %s", (_what, members, fault) => {
    expect(withState().checker.checkPage(bob, query, page(...members))).toMatch(fault);
  });

  it.each<[string, object, RegExp]>([
    ["a state that was never set", { changed: member({ state: "y" }) }, /not set/],
    ["a state of a member that joined", { joined: member({ state: "x" }) }, /invalid member/],
    ["two kinds at once", { joined: member(), changed: member() }, /without a join/],
  ])("finds an event with %s", (_what, data, fault) => {
    expect(withState().checker.checkEvent(bob, event(data))).toMatch(fault);
  });
});
