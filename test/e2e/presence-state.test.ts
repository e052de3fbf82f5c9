import { Duration } from "aws-cdk-lib";
import type { PresencePage } from "../../protocol/index.js";
import { ask, presenceEvent, presenceEvents } from "./support/presence.js";
import { TestSystem } from "./support/system.js";
import type { Wire } from "./support/wire.js";

const GUARDS = `
  export default {
    onConnectionRequest(agent) { agent.connected({ userId: agent.credentials.user }); },
    async onMessageReceived(channel, agent, message) {
      if (message.data !== "secret" || agent.userId === "friend") agent.deliver(channel, message);
    },
    channels: {
      "rooms/*": {
        onPresenceRequest(channel, agent, state) {
          if (state === "wait") return new Promise(() => undefined);
          if (state === "no") return agent.presenceDenied(channel, "Not that.");
          agent.presenceSuccess(channel);
        },
      },
      "halls/*": {
        onPublicationRequest(channel, agent, message) {
          if (agent.userId === "mute") return agent.publicationDenied(message, "Quiet.");
          channel.publish({ data: { said: message.data } });
          agent.channel("halls/other").publish(message);
          agent.publicationSuccess(message);
        },
      },
    },
  };
`;

describe("the state of a member", () => {
  let system: TestSystem;
  beforeAll(async () => {
    system = await TestSystem.start({
      guards: GUARDS,
      props: {
        presenceGrace: Duration.seconds(0),
        channels: {
          "rooms/*": { presence: { state: true } },
          "halls/*": { presence: { state: true } },
          "plain/*": { presence: true },
        },
      },
    });
  });
  afterAll(() => system.close());

  const arrive = async (user: string, ...channels: string[]) => {
    const wire = await system.connect({ credentials: { user } });
    const { agent } = (await wire.ping()).data as { agent: string };
    for (const channel of channels) expect(await wire.subscribe(channel)).toMatchObject({ successful: true });
    return { wire, agent };
  };

  const setState = (wire: Wire, channel: string, state: unknown) =>
    wire.request({ action: "state", channel: "/meta/presence", data: { channel, state } });

  const states = (wire: Wire, channel: string): unknown[] =>
    presenceEvents(wire, channel).flatMap(({ changed }) => (changed ? [changed.state] : []));

  const changedTo = (wire: Wire, channel: string, state: unknown): Promise<unknown> =>
    wire.until(() => states(wire, channel).some((each) => JSON.stringify(each) === JSON.stringify(state)), "a state");

  const stateIn = async (wire: Wire, channel: string, user: string): Promise<unknown> =>
    ((await ask(wire, channel)).data as unknown as PresencePage).members.find(({ userId }) => userId === user)?.state;

  it("reaches the other members, is listed, and can be removed", async () => {
    const [ada, bob] = [await arrive("ada", "rooms/1"), await arrive("bob", "rooms/1")];
    expect(await setState(ada.wire, "rooms/1", { typing: true })).toMatchObject({
      channel: "/meta/presence",
      successful: true,
      data: { channel: "rooms/1" },
    });
    await changedTo(bob.wire, "rooms/1", { typing: true });
    expect(await stateIn(bob.wire, "rooms/1", "ada")).toEqual({ typing: true });
    await setState(ada.wire, "rooms/1", null);
    await changedTo(bob.wire, "rooms/1", undefined);
    expect(await stateIn(bob.wire, "rooms/1", "ada")).toBeUndefined();
  });

  it("ends with its member", async () => {
    const [ada, bob] = [await arrive("ada", "rooms/2"), await arrive("bob", "rooms/2")];
    await setState(ada.wire, "rooms/2", "here");
    await changedTo(bob.wire, "rooms/2", "here");
    await ada.wire.unsubscribe("rooms/2");
    const left = await presenceEvent(bob.wire, "rooms/2", "left", ada.agent);
    await ada.wire.subscribe("rooms/2");
    // The first `joined` may have been sent before bob was subscribed.
    await bob.wire.until(
      () => presenceEvents(bob.wire, "rooms/2").some(({ joined, at }) => joined?.userId === "ada" && at > left.at),
      "that ada is back",
    );
    expect(await stateIn(bob.wire, "rooms/2", "ada")).toBeUndefined();
  });

  it("needs the permission of its guard in time", async () => {
    const [ada, bob] = [await arrive("ada", "rooms/3"), await arrive("bob", "rooms/3")];
    expect(await setState(ada.wire, "rooms/3", "no")).toMatchObject({ code: "denied", error: "Not that." });
    expect(await setState(ada.wire, "rooms/3", "wait")).toMatchObject({ code: "guard_timeout" });
    await setState(ada.wire, "rooms/3", "yes");
    await changedTo(bob.wire, "rooms/3", "yes");
    expect(states(bob.wire, "rooms/3")).toEqual(["yes"]);
  });

  it("is decided by the publication guard if there is no other", async () => {
    const [ada, bob] = [await arrive("ada", "halls/1", "halls/other"), await arrive("bob", "halls/1", "halls/other")];
    expect(await setState(ada.wire, "halls/1", "hello")).toMatchObject({ successful: true });
    await changedTo(bob.wire, "halls/1", { said: "hello" });
    expect(bob.wire.messages()).toEqual([]);
  });

  it("of a subscriber that may not publish reaches no client", async () => {
    const [mute, bob] = [await arrive("mute", "halls/2"), await arrive("bob", "halls/2")];
    await presenceEvent(bob.wire, "halls/2", "joined", bob.agent);
    expect(await setState(mute.wire, "halls/2", { text: "hello" })).toMatchObject({ code: "denied", error: "Quiet." });
    expect(await mute.wire.publish("halls/2", "hello")).toMatchObject({ code: "denied" });
    await setState(bob.wire, "halls/2", "last");
    await changedTo(bob.wire, "halls/2", { said: "last" });
    expect(states(bob.wire, "halls/2")).toEqual([{ said: "last" }]);
    expect(await stateIn(bob.wire, "halls/2", "mute")).toBeUndefined();
    expect(JSON.stringify(await system.rows())).not.toContain('"text":"hello"');
  });

  it("cannot be replaced by any other frame of such a subscriber", async () => {
    const channel = "halls/3";
    const bob = await arrive("bob", channel);
    const { wire, agent } = await arrive("mute");
    const planted = { channel, info: "planted", userId: "planted", state: "planted", from: { userId: "bob" } };
    const request = (action: string, meta: string, data: object = planted) =>
      wire.request({ action, channel: meta, data, from: planted.from, info: "planted" });
    expect(await request("subscribe", "/meta/subscribe", { ...planted, token: "planted" })).toMatchObject({
      successful: true,
    });
    const { joined } = await presenceEvent(bob.wire, channel, "joined", agent);
    expect(joined).toEqual({ agent, userId: "mute", connections: [agent] });
    expect(await request("presence", "/meta/presence")).toMatchObject({ successful: true });
    expect(await request("ping", "/meta/ping", { ...planted, presentChannels: [channel] })).toMatchObject({
      successful: true,
    });
    for (const action of ["publish", "state"])
      expect(await request(action, action === "publish" ? channel : "/meta/presence")).toMatchObject({
        code: "denied",
      });
    wire.send({ action: "send", channel, data: planted, from: planted.from });
    expect(await request("unsubscribe", "/meta/unsubscribe")).toMatchObject({ successful: true });
    const { left } = await presenceEvent(bob.wire, channel, "left", agent);
    expect(left).toEqual({ agent, userId: "mute" });
    expect(bob.wire.frames.join()).not.toContain("planted");
  });

  it("reaches only recipients whose delivery guards permit it", async () => {
    const [ada, bob, friend] = [
      await arrive("ada", "rooms/4"),
      await arrive("bob", "rooms/4"),
      await arrive("friend", "rooms/4"),
    ];
    await setState(ada.wire, "rooms/4", "secret");
    await changedTo(friend.wire, "rooms/4", "secret");
    await setState(bob.wire, "rooms/4", "mine");
    await changedTo(bob.wire, "rooms/4", "mine");
    expect(states(bob.wire, "rooms/4")).toEqual(["mine"]);
    expect(await stateIn(bob.wire, "rooms/4", "ada")).toBeUndefined();
    expect(await stateIn(friend.wire, "rooms/4", "ada")).toBe("secret");
    expect(bob.wire.frames.join()).not.toContain("secret");
  });

  it("is refused if it is malformed, too large, or not a member's", async () => {
    const ada = await arrive("ada", "rooms/5", "plain/1");
    await ada.wire.subscribe("rooms/6", { present: false });
    const refused = async (channel: string, state: unknown, code: string) =>
      expect(await setState(ada.wire, channel, state)).toMatchObject({
        successful: false,
        code,
        channel: "/meta/presence",
      });
    await refused("rooms/5", undefined, "bad_frame");
    await refused("rooms/5", "x".repeat(511), "too_large");
    await refused("rooms/6", "here", "no_presence");
    await refused("rooms/7", "here", "no_presence");
    await refused("plain/1", "here", "no_presence");
    await refused("rooms/*", "here", "wildcard");
    await refused("/meta/user", "here", "reserved_channel");
    expect(await setState(ada.wire, "rooms/5", "x".repeat(510))).toMatchObject({ successful: true });
  });

  it("changes at most five times a second, after ten", async () => {
    const { wire } = await arrive("eve", "rooms/8");
    const codes: unknown[] = [];
    for (let at = 0; at < 30; at += 1) codes.push((await setState(wire, "rooms/8", at)).code);
    expect(new Set(codes)).toEqual(new Set([undefined, "rate_limited"]));
    expect(codes.slice(0, 10)).toEqual(Array(10).fill(undefined));
  });
});
