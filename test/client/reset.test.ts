import { arrived, at, collectMessages, numbered, QUIET, subscribed } from "./support/recorded.js";
import type { Peer } from "./support/scripted-server.js";
import { Bench, settled } from "./support/setup.js";

const bench = Bench.use();

const SESSION = /^push-it\.session\./;
const sessionOf = ({ protocols }: Peer): string | undefined => protocols.find((name) => SESSION.test(name));
const tokenOf = ({ protocols }: Peer): unknown =>
  JSON.parse(Buffer.from(protocols.at(-1)!.split(".")[2]!, "base64url").toString());

describe("reset(), for another user in the same tab", () => {
  it("disconnects, and is not connected until connect()", async () => {
    const { pushIt, states, peer } = await bench.connected();
    pushIt.reset();
    expect([pushIt.state, pushIt.me]).toEqual(["disconnected", undefined]);
    expect(await states.find(({ state }) => state === "disconnected")).toMatchObject({ code: "disconnect" });
    await peer.closed;
  });

  it("forgets subscriptions and positions", async () => {
    const { pushIt, peer, states } = await subscribed(bench, QUIET);
    const channel = pushIt.channel("a");
    pushIt.reset();
    await peer.closed;
    expect(channel.position).toBeUndefined();
    pushIt.connect();
    await states.find(({ code }) => code === "disconnect");
    await states.find(({ state }) => state === "connected");
    const next = await bench.server.peers.take();
    await arrived(pushIt, next);
    expect(next.frames.all).toEqual([]);
    void channel.subscribe();
    expect((await next.frames.take()).data).toEqual({ channels: ["a"] });
  });

  it("forgets positions that the option `since` gave", async () => {
    bench.server.automatic = false;
    const { pushIt, states } = await bench.connected({ since: { b: at(7) } });
    pushIt.reset();
    pushIt.connect();
    await states.find(({ code }) => code === "disconnect");
    await states.find(({ state }) => state === "connected");
    const next = await bench.server.peers.take();
    void pushIt.channel("b").subscribe();
    expect((await next.frames.take()).data).toEqual({ channels: ["b"] });
  });

  it("fails open requests with closed", async () => {
    bench.server.automatic = false;
    const { pushIt, peer } = await bench.connected();
    const flying = pushIt.channel("a").publish(1);
    await peer.frames.take();
    const waiting = pushIt.channel("a").publish(2);
    const subscribing = pushIt.channel("b").subscribe();
    pushIt.reset();
    await expect(flying).rejects.toMatchObject({ code: "closed" });
    await expect(waiting).rejects.toMatchObject({ code: "closed" });
    await expect(subscribing).rejects.toMatchObject({ code: "closed" });
  });

  it.each([
    ["before the first connect()", { autoConnect: false }],
    ["while the client waits for its next attempt", {}],
  ])("sends nothing of the former user later: %s", async (_when, options) => {
    if (!("autoConnect" in options)) bench.server.refuse = 503;
    const { pushIt, states } = bench.client(options);
    if (!("autoConnect" in options)) await states.find(({ code }) => code === "unreachable");
    const outcome = expect(pushIt.channel("a").publish("private")).rejects.toMatchObject({ code: "closed" });
    void pushIt.channel("users/ann").subscribe();
    await settled();
    pushIt.reset();
    bench.server.refuse = undefined;
    pushIt.connect();
    await states.find(({ state }) => state === "connected");
    const peer = await bench.server.peers.take();
    await arrived(pushIt, peer);
    expect(peer.frames.all).toEqual([]);
    await outcome;
  });

  it("starts another session, with the next user's credentials", async () => {
    let user = "ann";
    const { pushIt, states, peer } = await bench.connected({ credentials: () => user });
    pushIt.reset();
    user = "bob";
    pushIt.connect();
    await states.find(({ code }) => code === "disconnect");
    await states.find(({ state }) => state === "connected");
    const next = await bench.server.peers.take();
    expect([tokenOf(peer), tokenOf(next)]).toEqual(["ann", "bob"]);
    expect(sessionOf(next)).toMatch(SESSION);
    expect(sessionOf(next)).not.toBe(sessionOf(peer));
  });

  it("keeps listeners, and delivers again what the former user received", async () => {
    const { pushIt, states, peer } = await bench.connected();
    const received = collectMessages(pushIt);
    peer.send({ channel: "plain", uuid: "u1", data: "notice" }, numbered(3));
    await arrived(pushIt, peer);
    pushIt.reset();
    pushIt.connect();
    await states.find(({ code }) => code === "disconnect");
    await states.find(({ state }) => state === "connected");
    const next = await bench.server.peers.take();
    next.send({ channel: "plain", uuid: "u1", data: "notice" }, numbered(3));
    await arrived(pushIt, next);
    expect(received.filter((data) => data !== "settled")).toEqual(["notice", 3, "notice", 3]);
  });

  it("ends loops", async () => {
    const { pushIt } = await bench.connected();
    const channel = pushIt.channel("a");
    const loop = (async () => {
      for await (const { data } of channel) void data;
    })();
    await new Promise<void>((resolve) => channel.on("subscribed", () => resolve()));
    pushIt.reset();
    await loop;
  });

  it("is an unsubscribed event of each channel that was subscribed", async () => {
    const { pushIt } = await bench.connected();
    await pushIt.channel("a").subscribe();
    const ended = new Promise((resolve) => pushIt.on("unsubscribed", resolve));
    pushIt.reset();
    expect(await ended).toEqual({ channel: "a" });
  });

  it("does not report the former user's channels as denied", async () => {
    const { pushIt, states } = await bench.connected();
    await pushIt.channel("users/ann").subscribe();
    const events = jest.fn();
    pushIt.on("error", events);
    pushIt.reset();
    pushIt.connect();
    await states.find(({ code }) => code === "disconnect");
    await states.find(({ state }) => state === "connected");
    const next = await bench.server.peers.take();
    await arrived(pushIt, next);
    expect([events.mock.calls, next.frames.all]).toEqual([[], []]);
  });
});

describe("disconnect(), for the same user", () => {
  it("keeps subscriptions and positions", async () => {
    const { pushIt, states, peer } = await subscribed(bench, QUIET);
    pushIt.disconnect();
    await peer.closed;
    pushIt.connect();
    await states.find(({ code }) => code === "disconnect");
    await states.find(({ state }) => state === "connected");
    const next = await bench.server.peers.take();
    expect((await next.frames.take()).data).toEqual({ channels: [{ channel: "a", since: at(10) }] });
    expect(sessionOf(next)).toBe(sessionOf(peer));
  });

  it("emits the event reset, after those of the state and the subscriptions", async () => {
    const { pushIt } = await bench.connected();
    await pushIt.channel("a").subscribe();
    const events: string[] = [];
    pushIt.on("state", ({ state }) => events.push(state));
    pushIt.on("unsubscribed", ({ channel }) => events.push(`unsubscribed ${channel}`));
    pushIt.on("reset", () => events.push("reset"));
    pushIt.reset();
    await settled();
    expect(events).toEqual(["disconnected", "unsubscribed a", "reset"]);
  });
});
