import type { Events } from "push-it-client";
import { Mailbox } from "../support/mailbox.js";
import { arrived, at, collectMessages } from "../support/recorded.js";
import type { ClientFrame, Peer } from "../support/scripted-server.js";
import { Bench, introduced, settled } from "../support/setup.js";

const bench = Bench.use();
const QUIET = { checkInterval: 1e12, pingInterval: 1e12, suspectAfter: 1e12 };
const LIFETIME = 1_000_000;
const BEGIN = 0.97 * LIFETIME - 30_000;

const reply = (peer: Peer, { uuid, data }: ClientFrame, of: (channel: string) => object): void =>
  peer.send(
    ...data!.channels!.map((target) => ({
      channel: "/meta/subscribe",
      uuid,
      successful: true,
      data: of((target as { channel?: string }).channel ?? target),
    })),
  );

/** The server's result for a channel: `kept` has history, `room` has presence, the others are plain. */
const described = (channel: string): object =>
  channel === "kept"
    ? { channel, position: at(5), historyCheckIntervalMs: 30_000 }
    : channel === "room"
      ? { channel, presenceIntervalMs: 1e9 }
      : { channel };

/** A client that is subscribed to three channels, and both its connections. */
const moved = async (options = {}) => {
  bench.server.automatic = false;
  const { pushIt, peer } = await bench.connected({
    ...QUIET,
    connectionLifetime: LIFETIME,
    channels: ["plain", "kept", "room"],
    ...options,
  });
  reply(peer, await peer.frames.take(), described);
  await arrived(pushIt, peer);
  const received = collectMessages(pushIt);
  const rotated = new Mailbox<Events["rotated"]>();
  pushIt.on("rotated", rotated.put);
  bench.platform.advance(BEGIN);
  const next = await bench.server.peers.take();
  reply(next, await next.frames.find(({ action }) => action === "subscribe"), (channel) =>
    channel === "kept" ? { channel, position: at(5), recovered: true } : described(channel),
  );
  await arrived(pushIt, next);
  await introduced(pushIt);
  return { pushIt, peer, next, received, rotated };
};

describe("after a rotation", () => {
  it("the old connection receives for 30 seconds more", async () => {
    const { pushIt, peer, received } = await moved();
    bench.platform.advance(1_000);
    bench.platform.advance(29_999);
    peer.send({ channel: "plain", uuid: "late", data: "by a slow worker" });
    await arrived(pushIt, peer);
    expect(received).toContain("by a slow worker");
    bench.platform.advance(1);
    await peer.closed;
  });

  it("an event names the channels that may miss later messages", async () => {
    const { peer, rotated } = await moved();
    bench.platform.advance(1_000);
    await settled();
    expect(rotated.waiting).toBe(0);
    bench.platform.advance(30_000);
    await peer.closed;
    // A channel with history recovers missed messages.
    expect(await rotated.take()).toEqual({ channels: ["plain", "room"] });
    expect(rotated.waiting).toBe(0);
  });

  it("the drain time is at most a quarter of the life", async () => {
    bench.server.automatic = false;
    const { pushIt, peer } = await bench.connected({ ...QUIET, connectionLifetime: 40_000, drainTime: 60_000 });
    bench.platform.advance(0.97 * 40_000 - 10_000);
    const next = await bench.server.peers.take();
    await next.introduction;
    await introduced(pushIt);
    bench.platform.advance(1_000);
    bench.platform.advance(9_999);
    await arrived(pushIt, peer);
    bench.platform.advance(1);
    await peer.closed;
  });

  it("channels with presence count this client once", async () => {
    const { pushIt, peer } = await moved();
    bench.platform.advance(1_000);
    expect(await peer.frames.take()).toMatchObject({ action: "unsubscribe", data: { channels: ["room"] } });
    await arrived(pushIt, peer);
    expect(peer.frames.waiting).toBe(0);
  });

  it("the end of that subscription is not an event", async () => {
    const { pushIt, peer } = await moved();
    const unsubscribed = jest.fn();
    pushIt.on("unsubscribed", unsubscribed);
    bench.platform.advance(1_000);
    peer.answer(await peer.frames.take());
    await arrived(pushIt, peer);
    bench.platform.advance(30_000);
    await peer.closed;
    await settled();
    expect(unsubscribed).not.toHaveBeenCalled();
  });

  it("unsubscribing includes the old connection", async () => {
    const { pushIt, peer, next } = await moved();
    pushIt.unsubscribe("plain");
    next.answer(await next.frames.find(({ action }) => action === "unsubscribe"));
    expect(await peer.frames.take()).toMatchObject({ action: "unsubscribe", data: { channels: ["plain"] } });
  });

  it("an own message without echo is dropped on both connections", async () => {
    const { pushIt, peer, next, received } = await moved();
    const uuid = pushIt.publish({ channel: "plain", data: "my own", echo: false });
    await next.frames.find(({ action }) => action === "publish");
    next.send({ channel: "/meta/successful", uuid, successful: true });
    // To the server the old connection is another agent.
    peer.send({ channel: "plain", uuid, data: "my own" });
    await arrived(pushIt, peer);
    expect(received).not.toContain("my own");
  });

  it("a revocation ends a subscription for the application", async () => {
    const { pushIt, next } = await moved();
    pushIt.on("error", () => {});
    const ended = new Promise((resolve) => pushIt.on("unsubscribed", resolve));
    next.send({
      channel: "/meta/unsubscribe",
      successful: true,
      code: "revoked",
      error: "Not yours.",
      data: { channel: "plain" },
    });
    expect(await ended).toMatchObject({ channel: "plain", error: { code: "revoked" } });
    expect(pushIt.state).toBe("connected");
  });

  it("a revocation on the old connection includes the new one", async () => {
    const { pushIt, peer, next } = await moved();
    pushIt.on("error", () => {});
    peer.send({
      channel: "/meta/unsubscribe",
      successful: true,
      code: "revoked",
      error: "Not yours.",
      data: { channel: "plain" },
    });
    expect(await next.frames.find(({ action }) => action === "unsubscribe")).toMatchObject({
      data: { channels: ["plain"] },
    });
  });

  it("a reply of the old connection does not affect the new one", async () => {
    const { pushIt, peer } = await moved();
    const { me } = pushIt;
    peer.send({ channel: "/meta/ping", uuid: "old", successful: true, data: { agent: "the old agent" } });
    await arrived(pushIt, peer);
    expect(pushIt.me).toBe(me);
  });

  it("another user's credentials end the old connection, too", async () => {
    const { pushIt, peer, next } = await moved({ credentials: "ann" });
    pushIt.connect({ credentials: "bob" });
    await Promise.all([next.closed, peer.closed]);
  });

  it("the end of the old agent is not the client's end", async () => {
    const { pushIt, peer } = await moved();
    peer.send({ channel: "/meta/ping", successful: false, code: "unknown_agent", error: "Unknown agent." });
    await arrived(pushIt, peer);
    expect(pushIt.state).toBe("connected");
  });
});

describe("a subscription in flight at a rotation", () => {
  it("is made on the new connection, too", async () => {
    bench.server.automatic = false;
    const { pushIt, peer } = await bench.connected({ ...QUIET, connectionLifetime: LIFETIME });
    bench.platform.advance(BEGIN - 10);
    const done = jest.fn();
    void pushIt.channel("plain").subscribe().then(done);
    const frame = await peer.frames.take();
    bench.platform.advance(10);
    const next = await bench.server.peers.take();
    await next.introduction;
    await introduced(pushIt);
    // The old connection's agent is subscribed.
    peer.answer(frame);
    const again = await next.frames.take();
    expect(again).toMatchObject({ action: "subscribe", data: { channels: ["plain"] } });
    expect(peer.socket.readyState).toBe(1);
    next.answer(again);
    await arrived(pushIt, next);
    expect(done).toHaveBeenCalled();
    const received = collectMessages(pushIt);
    bench.platform.advance(1_000);
    bench.platform.advance(30_000);
    await peer.closed;
    next.send({ channel: "plain", uuid: "u", data: "still here" });
    await arrived(pushIt, next);
    expect(received).toContain("still here");
  });
});

describe("a connection that is lost right after it replaced another", () => {
  it("receives no requests while the next one opens", async () => {
    const { peer: old, states } = await bench.connected({
      connectionLifetime: LIFETIME,
      channels: ["a"],
      retryBase: 100,
      ...QUIET,
    });
    await old.frames.take();
    bench.server.automatic = false;
    bench.platform.advance(BEGIN);
    const next = await bench.server.peers.take();
    await next.introduction;
    // The subscription is not moved, so that the client would look again in a second.
    next.socket.terminate();
    await states.find(({ state, previous }) => state === "connecting" && previous === "connected");
    bench.platform.advance(100);
    await settled();
    expect(() => bench.platform.advance(1_000)).not.toThrow();
    await bench.server.peers.take();
  });

  it("leaves the old one open no longer than its draining takes", async () => {
    const {
      pushIt,
      peer: old,
      states,
    } = await bench.connected({ connectionLifetime: LIFETIME, channels: ["a"], retryBase: 100, ...QUIET });
    pushIt.on("error", () => {});
    await old.frames.take();
    bench.server.automatic = false;
    bench.platform.advance(BEGIN);
    const next = await bench.server.peers.take();
    await next.introduction;
    next.socket.terminate();
    await states.find(({ state, previous }) => state === "connecting" && previous === "connected");
    for (let second = 0; second < 61; second++) {
      bench.platform.advance(1_000);
      await settled();
    }
    await old.closed;
  });

  it("still receives by the old one until the next one opens", async () => {
    const { pushIt, peer, next } = await moved();
    const received = collectMessages(pushIt);
    next.socket.terminate();
    await next.closed;
    while (pushIt.state === "connected") await settled();
    peer.send({ channel: "plain", uuid: "between", data: "between" });
    await arrived(pushIt, peer);
    expect(received).toContain("between");
  });
});
