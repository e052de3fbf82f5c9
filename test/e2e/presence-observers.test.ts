import type { Member } from "../../protocol/index.js";
import { ping, presenceEvent, presencePage } from "./support/presence.js";
import { TestSystem } from "./support/system.js";

const GUARDS = `
  export default {
    onConnectionRequest(agent) { agent.connected({ userId: agent.credentials.user }); },
    onPublicationRequest(channel, agent, message) {
      if (message.data === "bring me") agent.subscribe(channel.name);
      channel.publish(message);
      agent.publicationSuccess(message);
    },
  };
`;

describe("an observer of a channel with presence", () => {
  let system: TestSystem;
  beforeAll(async () => {
    system = await TestSystem.start({ guards: GUARDS, props: { channels: { "rooms/*": { presence: true } } } });
  });
  afterAll(() => system.close());

  const arrive = async (user: string, ...channels: string[]) => {
    const wire = await system.connect({ credentials: { user } });
    const { agent } = (await wire.ping()).data as { agent: string };
    for (const channel of channels) expect(await wire.subscribe(channel)).toMatchObject({ successful: true });
    const me: Member = { agent, userId: user };
    return { wire, me, agent };
  };

  it("receives messages and events, and is not a member", async () => {
    const [ada, bob] = [await arrive("ada", "rooms/1"), await arrive("bob")];
    expect((await bob.wire.subscribe("rooms/1", { present: false })).data).toEqual({ channel: "rooms/1" });
    expect(await presencePage(bob.wire, "rooms/1")).toMatchObject({ count: 1, members: [{ agent: ada.agent }] });
    const carl = await arrive("carl", "rooms/1");
    await presenceEvent(bob.wire, "rooms/1", "joined", carl.agent);
    await ada.wire.publish("rooms/1", "hello");
    await bob.wire.message("hello");
  });

  it("stays an observer when a guard subscribes it", async () => {
    const bob = await arrive("bob");
    await bob.wire.subscribe("rooms/2", { present: false });
    await bob.wire.publish("rooms/2", "bring me");
    expect(await presencePage(bob.wire, "rooms/2")).toMatchObject({ count: 0, members: [] });
  });

  it("becomes a member, and leaves, when it subscribes again", async () => {
    const [ada, bob] = [await arrive("ada", "rooms/3"), await arrive("bob")];
    await bob.wire.subscribe("rooms/3", { present: false });
    await bob.wire.subscribe("rooms/3");
    await presenceEvent(ada.wire, "rooms/3", "joined", bob.agent);
    await bob.wire.subscribe("rooms/3", { present: false });
    await presenceEvent(ada.wire, "rooms/3", "left", bob.agent);
    expect(await presencePage(ada.wire, "rooms/3")).toMatchObject({ count: 1, members: [{ agent: ada.agent }] });
    await ada.wire.publish("rooms/3", "hello");
    await bob.wire.message("hello");
    expect((await ping(bob.wire, ["rooms/3"])).data).toMatchObject({ absentChannels: ["rooms/3"] });
  });

  it("gets `bad_frame` if `present` is not a boolean", async () => {
    const { wire } = await arrive("ada");
    const data = {
      channels: [
        { channel: "rooms/4", present: "no" },
        { channel: "plain", present: "no" },
      ],
    };
    wire.send({ action: "subscribe", channel: "/meta/subscribe", uuid: "s1", data });
    expect(await wire.answers("s1", 2)).toMatchObject([
      { successful: true, data: { channel: "plain" } },
      { successful: false, code: "bad_frame", data: { channel: "rooms/4" } },
    ]);
  });
});
