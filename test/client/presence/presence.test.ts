import type { PresenceEvent } from "push-it-client";
import { Mailbox } from "../support/mailbox.js";
import { arrived } from "../support/recorded.js";
import { Bench, introduced } from "../support/setup.js";

const bench = Bench.use();

/** A client that is subscribed to channels that have presence. */
const presentClient = async (channels = ["a"], options = {}) => {
  bench.server.automatic = false;
  const { pushIt, peer } = await bench.connected({ channels, ...options });
  for (let left = channels.length; left > 0;) {
    const { uuid, data } = await peer.frames.take();
    const names = data!.channels!;
    peer.send(
      ...names.map((channel) => ({
        channel: "/meta/subscribe",
        uuid,
        successful: true,
        data: { channel, presenceIntervalMs: 40_000 },
      })),
    );
    left -= names.length;
  }
  await arrived(pushIt, peer);
  return { pushIt, peer };
};

/** The server's message about a member that joined or left. */
const presenceEvent = (what: "joined" | "left", agent: string, at: number, channel = "a") => ({
  channel: "/meta/presence",
  uuid: `${what}${agent}${at}`,
  data: { channel, [what]: { agent, info: { name: agent } }, at },
});

const presentChannels = (frame: { data?: unknown }): string[] =>
  (frame.data as { presentChannels: string[] }).presentChannels;

describe("presence", () => {
  it("reports a state again that arrived before its member joined", async () => {
    const { pushIt, peer } = await presentClient();
    const events: unknown[] = [];
    for (const event of ["join", "change"] as const)
      pushIt.channel("a").on(event, ({ agent, state }) => events.push([event, agent, state]));
    const changed = (agent: string, at: number) => ({
      channel: "/meta/presence",
      uuid: `${agent}${at}`,
      data: { channel: "a", changed: { agent, state: "here" }, at },
    });
    peer.send(changed("x", 6), presenceEvent("joined", "x", 5), presenceEvent("joined", "y", 5), changed("y", 6));
    await arrived(pushIt, peer);
    expect(events).toEqual([
      ["change", "x", "here"],
      ["join", "x", undefined],
      ["change", "x", "here"],
      ["join", "y", undefined],
      ["change", "y", "here"],
    ]);
  });

  it("reports joins and leaves once; the later one counts", async () => {
    const { pushIt, peer } = await presentClient();
    const events: [string, PresenceEvent][] = [];
    for (const event of ["join", "leave"] as const)
      pushIt.channel("a").on(event, (member) => events.push([event, member]));
    peer.send(
      presenceEvent("joined", "x", 5),
      presenceEvent("joined", "x", 5),
      presenceEvent("left", "y", 7),
      presenceEvent("joined", "y", 6),
      presenceEvent("left", "x", 9),
    );
    peer.send(presenceEvent("joined", "x", 1, "b"));
    await arrived(pushIt, peer);
    const member = (agent: string) => ({ channel: "a", agent, info: { name: agent } });
    expect(events).toEqual([
      ["join", member("x")],
      ["leave", member("y")],
      ["leave", member("x")],
    ]);
  });

  it("reports changes of states, each later one once", async () => {
    const { pushIt, peer } = await presentClient();
    const events: unknown[] = [];
    for (const event of ["join", "change", "leave"] as const)
      pushIt.on(event, ({ agent, state }) => events.push([event, agent, state]));
    const changed = (state: unknown, at: number) => ({
      channel: "/meta/presence",
      uuid: `c${at}`,
      data: { channel: "a", changed: { agent: "x", ...(state !== undefined && { state }) }, at },
    });
    peer.send(
      presenceEvent("joined", "x", 5),
      changed("one", 7),
      changed("one", 7),
      changed("two", 6),
      changed(undefined, 8),
      presenceEvent("left", "x", 8),
      changed("late", 8),
    );
    await arrived(pushIt, peer);
    expect(events).toEqual([
      ["join", "x", undefined],
      ["change", "x", "one"],
      ["change", "x", undefined],
      ["leave", "x", undefined],
    ]);
  });

  it("knows a user who left and joined with another agent", async () => {
    const { pushIt, peer } = await presentClient();
    const events: string[] = [];
    for (const event of ["join", "leave"] as const) pushIt.on(event, ({ agent }) => events.push(`${event} ${agent}`));
    const event = (what: "joined" | "left", agent: string, at: number) => ({
      channel: "/meta/presence",
      uuid: `${what}${agent}${at}`,
      data: { channel: "a", [what]: { agent, userId: "u", ...(what === "joined" && { connections: [agent] }) }, at },
    });
    peer.send(event("joined", "x", 5), event("joined", "y", 9), event("left", "x", 7));
    await arrived(pushIt, peer);
    expect(events).toEqual(["join x", "join y"]);
  });

  it("has a member for each agent on an older server", async () => {
    const { pushIt, peer } = await presentClient();
    const events: string[] = [];
    for (const event of ["join", "leave"] as const) pushIt.on(event, ({ agent }) => events.push(`${event} ${agent}`));
    const event = (what: "joined" | "left", agent: string, at: number) => ({
      channel: "/meta/presence",
      uuid: `${what}${agent}${at}`,
      data: { channel: "a", [what]: { agent, userId: "u" }, at },
    });
    peer.send(event("joined", "x", 5), event("joined", "y", 9), event("left", "x", 7));
    await arrived(pushIt, peer);
    expect(events).toEqual(["join x", "join y", "leave x"]);
  });

  it("is not a message", async () => {
    const { pushIt, peer } = await presentClient();
    const messages: string[] = [];
    pushIt.on("message", ({ channel }) => messages.push(channel));
    peer.send(presenceEvent("joined", "x", 5));
    await arrived(pushIt, peer);
    expect(messages).toEqual(["/meta/user"]);
  });

  it("is kept by pings that name the channel", async () => {
    const { pushIt, peer } = await presentClient();
    for (let n = 0; n < 3; n++) {
      bench.platform.advance(40_000);
      const ping = await peer.frames.take();
      expect(ping).toMatchObject({ action: "ping", data: { presentChannels: ["a"] } });
      peer.answer(ping);
      await arrived(pushIt, peer);
    }
  });

  it("is renewed when the server counted the agent as gone", async () => {
    const { pushIt, peer } = await presentClient();
    const again = new Mailbox<object>();
    pushIt.on("subscribed", again.put);
    bench.platform.advance(40_000);
    const { uuid } = await peer.frames.take();
    peer.send({ channel: "/meta/ping", uuid, successful: true, data: { absentChannels: ["a"] } });
    const frame = await peer.frames.take();
    expect(frame).toMatchObject({ action: "subscribe", data: { channels: ["a"] } });
    peer.answer(frame);
    // It may have missed messages.
    expect(await again.take()).toEqual({ channel: "a" });
  });

  it("is not kept on a channel without holders", async () => {
    const { pushIt, peer } = await presentClient();
    pushIt.unsubscribe("a");
    peer.answer(await peer.frames.take());
    await arrived(pushIt, peer);
    bench.platform.advance(40_000);
    // The ping that was planned already says nothing of it, and no other follows.
    const ping = await peer.frames.take();
    expect(ping.data).toBeUndefined();
    peer.answer(ping);
    await arrived(pushIt, peer);
    bench.platform.advance(400_000);
    await arrived(pushIt, peer);
    expect(peer.frames.waiting).toBe(0);
  });

  it("does not bring back a channel that the application has left", async () => {
    const { pushIt, peer } = await presentClient();
    bench.platform.advance(40_000);
    const { uuid } = await peer.frames.take();
    pushIt.unsubscribe("a");
    peer.answer(await peer.frames.take());
    peer.send({ channel: "/meta/ping", uuid, successful: true, data: { absentChannels: ["a"] } });
    await arrived(pushIt, peer);
    expect(peer.frames.waiting).toBe(0);
    // An earlier frame would have arrived before this one.
    pushIt.publish({ channel: "b", data: 1 }, () => {});
    expect((await peer.frames.take()).action).toBe("publish");
  });

  it("is sent for each channel in time, for any number", async () => {
    const channels = Array.from({ length: 150 }, (_, at) => `a${at}`);
    const { pushIt, peer } = await presentClient(channels);
    const said: string[] = [];
    for (let n = 0; n < 2; n++) {
      bench.platform.advance(20_000);
      const ping = await peer.frames.take();
      said.push(...presentChannels(ping));
      peer.answer(ping);
      await arrived(pushIt, peer);
    }
    expect(said.sort()).toEqual([...channels].sort());
  });

  it("is not sent for channels that a rotation has not moved", async () => {
    const { pushIt } = await presentClient(["a"], { connectionLifetime: 40_000 });
    bench.platform.advance(0.97 * 40_000 - 10_000);
    const next = await bench.server.peers.take();
    expect((await next.introduction).data).toBeUndefined();
    await introduced(pushIt);
  });
});

describe("channel.presence()", () => {
  it("returns the members, page by page", async () => {
    const { pushIt, peer } = await presentClient();
    const present = pushIt.channel("a").presence();
    const first = await peer.frames.take();
    expect(first).toMatchObject({ action: "presence", channel: "/meta/presence", data: { channel: "a" } });
    peer.send({
      channel: "/meta/presence",
      uuid: first.uuid,
      successful: true,
      data: { channel: "a", count: 2, members: [{ agent: "x" }], more: "x" },
    });
    const second = await peer.frames.take();
    expect(second.data).toEqual({ channel: "a", after: "x" });
    peer.send({
      channel: "/meta/presence",
      uuid: second.uuid,
      successful: true,
      data: { channel: "a", count: 2, members: [{ agent: "y", userId: "u" }] },
    });
    expect(await present).toEqual({ count: 2, members: [{ agent: "x" }, { agent: "y", userId: "u" }] });
  });

  it("waits and continues after rate_limited on a further page", async () => {
    const { pushIt, peer } = await presentClient();
    const present = pushIt.channel("a").presence();
    const first = await peer.frames.take();
    peer.send({
      channel: "/meta/presence",
      uuid: first.uuid,
      successful: true,
      data: { channel: "a", count: 2, members: [{ agent: "x" }], more: "x" },
    });
    for (let refusal = 1; refusal <= 2; refusal += 1) {
      const { uuid } = await peer.frames.take();
      peer.send({
        channel: "/meta/presence",
        uuid,
        successful: false,
        code: "rate_limited",
        error: "Later.",
        data: { channel: "a" },
      });
      await arrived(pushIt, peer);
      bench.platform.advance(2_000);
    }
    const last = await peer.frames.take();
    expect(last.data).toEqual({ channel: "a", after: "x" });
    peer.send({
      channel: "/meta/presence",
      uuid: last.uuid,
      successful: true,
      data: { channel: "a", count: 2, members: [{ agent: "y" }] },
    });
    expect(await present).toMatchObject({ count: 2 });
  });

  it("rejects when the first page is rate limited", async () => {
    const { pushIt, peer } = await presentClient();
    const refused = expect(pushIt.channel("a").presence()).rejects.toMatchObject({ code: "rate_limited" });
    const { uuid } = await peer.frames.take();
    peer.send({
      channel: "/meta/presence",
      uuid,
      successful: false,
      code: "rate_limited",
      error: "Later.",
      data: { channel: "a" },
    });
    await refused;
  });

  it("rejects when the channel has no presence", async () => {
    const { pushIt, peer } = await presentClient();
    const refused = expect(pushIt.channel("b").presence()).rejects.toMatchObject({ code: "no_presence", channel: "b" });
    const { uuid } = await peer.frames.take();
    peer.send({
      channel: "/meta/presence",
      uuid,
      successful: false,
      code: "no_presence",
      error: "None.",
      data: { channel: "b" },
    });
    await refused;
  });
});
