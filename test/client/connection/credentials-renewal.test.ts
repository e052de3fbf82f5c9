import { Bench, settled } from "../support/setup.js";
import type { Peer } from "../support/scripted-server.js";

const bench = Bench.use();
const MINUTE = 60_000;

/** How long before the end a client renews when chance is 0.5: half of `retryCap`. */
const LEAD = 15_000;

/** How many messages were sent: each has an id of its own, or it would count as a repetition. */
let sent = 0;

/** A client with a function for its credentials, on a server that vouches for it for `expiresInMs` milliseconds. */
const vouched = async (expiresInMs: number | undefined, credentials: () => unknown = () => "token") => {
  bench.server.automatic = false;
  const { pushIt, states, peer } = await bench.connected({ credentials });
  peer.answer(await peer.frames.take(), { successful: true, data: expiresInMs === undefined ? {} : { expiresInMs } });
  const handled = async (): Promise<void> => {
    const off = pushIt.on("message", () => undefined);
    const heard = new Promise<void>((resolve) => pushIt.on("message", () => resolve()));
    peer.send({ channel: "a", uuid: `u${(sent += 1)}`, data: 1 });
    await heard;
    off();
  };
  await handled();
  return { pushIt, states, peer, handled };
};

/** Lets time pass until the client sends a refresh. */
const refreshed = async (peer: Peer, milliseconds: number) => {
  bench.platform.advance(milliseconds);
  return peer.frames.take();
};

describe("a client with a function for its credentials", () => {
  it("asks how long it is vouched for, and renews with fresh credentials before that, again and again", async () => {
    let token = 0;
    const { pushIt, peer, handled } = await vouched(5 * MINUTE, () => ({ token: ++token }));
    bench.platform.advance(4 * MINUTE - LEAD);
    for (const expected of [2, 3]) {
      const frame = await refreshed(peer, MINUTE);
      expect(frame).toEqual({ action: "refresh", channel: "/meta/refresh", uuid: frame.uuid, data: { credentials: { token: expected } } });
      peer.answer(frame, { successful: true, data: { expiresInMs: 65_000 } });
      await handled();
    }
    expect(pushIt.state).toBe("connected");
  });

  it("renews a fifth of a short time before the end at most", async () => {
    bench.platform.random = 1;
    const { peer } = await vouched(10_000);
    expect(await refreshed(peer, 8_000)).toMatchObject({ action: "refresh" });
  });

  it("has nothing to do where nobody says for how long", async () => {
    const { peer } = await vouched(undefined);
    // The look at the clock, and the hand-over to the next connection.
    expect(bench.platform.timers).toBe(2);
    expect(peer.frames.waiting).toBe(0);
  });

  it("sets no timer for what is longer than any timer, which would fire at once", async () => {
    const { peer } = await vouched(365 * 24 * 60 * MINUTE);
    // The look at the clock, and the hand-over to the next connection.
    expect(bench.platform.timers).toBe(2);
    expect(peer.frames.waiting).toBe(0);
  });

  it("renews at once when it is asked to, and once only", async () => {
    const { peer } = await vouched(undefined);
    const ask = { channel: "/meta/refresh", successful: true, data: { expiresInMs: -5 } };
    peer.send(ask, ask);
    await settled();
    peer.send(ask, { channel: "a", uuid: "other", data: 1 });
    await settled();
    while (bench.platform.timers < 2) await settled();
    expect(await refreshed(peer, 0)).toMatchObject({ action: "refresh", data: { credentials: "token" } });
    peer.send(ask);
    await settled();
    bench.platform.advance(1_000);
    await settled();
    expect(peer.frames.waiting).toBe(0);
  });

  it.each(["guard_timeout", "guard_failed", "unavailable"] as const)("tries again when renewing fails with %s", async (code) => {
    const { pushIt, peer, handled } = await vouched(MINUTE);
    peer.answer(await refreshed(peer, MINUTE), { successful: false, code, error: "Later." });
    await handled();
    expect(pushIt.state).toBe("connected");
    expect(await refreshed(peer, LEAD)).toMatchObject({ action: "refresh" });
  });

  it("tries again when its credentials fail", async () => {
    let given = 0;
    const { peer } = await vouched(MINUTE, () => {
      if (++given === 2) throw new Error("no session");
      return given;
    });
    bench.platform.advance(MINUTE);
    await settled();
    expect(peer.frames.waiting).toBe(0);
    expect(await refreshed(peer, LEAD)).toMatchObject({ action: "refresh", data: { credentials: 3 } });
  });

  it("tries again when API Gateway says that the Lambda died", async () => {
    const { peer, handled } = await vouched(MINUTE);
    await refreshed(peer, MINUTE);
    peer.send({ message: "Internal server error", connectionId: "c", requestId: "r" });
    await handled();
    expect(await refreshed(peer, LEAD)).toMatchObject({ action: "refresh" });
  });

  it("that is denied when it renews is denied for good", async () => {
    const { states, peer } = await vouched(MINUTE);
    peer.answer(await refreshed(peer, MINUTE), { successful: false, code: "denied", error: "You were suspended." });
    expect(await states.find(({ state }) => state === "denied")).toMatchObject({ code: "denied", reason: "You were suspended." });
    await peer.closed;
    expect(bench.platform.timers).toBe(0);
  });

  it("renews nothing when its connection has gone meanwhile", async () => {
    let give: (token: string) => void = () => undefined;
    let given = 0;
    const { states, peer } = await vouched(MINUTE, () => (++given === 2 ? new Promise((resolve) => (give = resolve)) : given));
    bench.platform.advance(MINUTE);
    peer.socket.terminate();
    await states.find(({ code }) => code === "closed");
    give("late");
    bench.platform.advance(1_000);
    const next = await bench.server.peers.take();
    expect(await next.frames.take()).toMatchObject({ action: "ping" });
    await settled();
    expect(next.frames.waiting).toBe(0);
  });

  it("learns from every later ping, too", async () => {
    const { peer, handled } = await vouched(undefined);
    bench.platform.advance(8.55 * MINUTE);
    const ping = await peer.frames.take();
    expect(ping).toMatchObject({ action: "ping" });
    peer.answer(ping, { successful: true, data: { expiresInMs: MINUTE } });
    await handled();
    expect(await refreshed(peer, MINUTE)).toMatchObject({ action: "refresh" });
  });
});

describe("a client whose credentials never change", () => {
  it("asks nothing and renews nothing, also when it is asked to", async () => {
    const { peer } = await bench.connected({ credentials: "token" });
    peer.send({ channel: "/meta/refresh", successful: true, data: { expiresInMs: -5 } });
    await settled();
    bench.platform.advance(1_000);
    await settled();
    expect(peer.frames.waiting).toBe(0);
  });

  it("connects again when it has expired: the guard decides", async () => {
    const { states, peer } = await bench.connected({ credentials: "token" });
    peer.send({ channel: "/meta/refresh", successful: false, code: "expired", error: "Not renewed." });
    expect(await states.find(({ code }) => code === "expired")).toMatchObject({ state: "connecting", reason: "Not renewed.", retryIn: 500 });
    bench.platform.advance(1_000);
    await states.find(({ state }) => state === "connected");
  });

  it("takes `expired` for the answer to what it asked", async () => {
    bench.server.automatic = false;
    const { pushIt, states, peer } = await bench.connected();
    const publication = pushIt.channel("a").publish(1);
    const { uuid } = await peer.frames.take();
    peer.send({ channel: "/meta/refresh", uuid, successful: false, code: "expired", error: "Not renewed." });
    await expect(publication).rejects.toMatchObject({ code: "expired", temporary: true });
    await states.find(({ code }) => code === "expired");
  });
});

describe("the back end", () => {
  it("ends an agent: denied, with its reason, until the application connects", async () => {
    const { pushIt, states, peer } = await bench.connected();
    peer.send({ channel: "/meta/connect", successful: false, code: "revoked", error: "Banned." });
    expect(await states.find(({ state }) => state === "denied")).toMatchObject({ code: "revoked", reason: "Banned." });
    await expect(pushIt.channel("a").publish(1)).rejects.toMatchObject({ code: "revoked", message: "Banned.", temporary: false });
    await peer.closed;
    expect(bench.platform.timers).toBe(0);
    pushIt.connect();
    await states.find(({ state }) => state === "connected");
  });

  it("ends a subscription: told once, and not subscribed again on the next connection", async () => {
    const { pushIt, states, peer } = await bench.connected({ channels: ["a", "b"] });
    await pushIt.channel("a").subscribe();
    const ended = new Promise((resolve) => pushIt.channel("a").on("unsubscribed", resolve));
    peer.send({ channel: "/meta/unsubscribe", successful: true, code: "revoked", error: "Not yours.", data: { channel: "a" } });
    expect(await ended).toMatchObject({ channel: "a", error: { code: "revoked", message: "Not yours.", channel: "a" } });
    expect(pushIt.state).toBe("connected");
    peer.socket.terminate();
    await states.find(({ code }) => code === "closed");
    bench.platform.advance(1_000);
    const next = await bench.server.peers.take();
    expect(await next.frames.take()).toMatchObject({ action: "subscribe", data: { channels: ["b"] } });
  });

  it("ends a loop over a subscription with its reason", async () => {
    const { pushIt, peer } = await bench.connected();
    const channel = pushIt.channel("a");
    const loop = (async () => {
      for await (const { data } of channel) void data;
    })();
    await new Promise<void>((resolve) => channel.on("subscribed", () => resolve()));
    peer.send({ channel: "/meta/unsubscribe", successful: true, code: "revoked", error: "Not yours.", data: { channel: "a" } });
    await expect(loop).rejects.toMatchObject({ code: "revoked" });
  });

  it("reaches a user without a subscription", async () => {
    const { pushIt, peer } = await bench.connected();
    const heard = [
      new Promise((resolve) => pushIt.on("message", resolve)),
      new Promise((resolve) => pushIt.channel("/meta/user").on("message", resolve)),
      new Promise((resolve) => (pushIt.onMessageReceived = (_channel, message) => resolve(message))),
    ];
    peer.send({ channel: "/meta/user", uuid: "u", data: "hello" });
    const message = { channel: "/meta/user", uuid: "u", data: "hello", payload: "hello" };
    expect(await Promise.all(heard)).toEqual([message, message, message]);
  });

  it("fails no request by what it says unasked", async () => {
    bench.server.automatic = false;
    const { pushIt, peer } = await bench.connected();
    const publication = pushIt.channel("a").publish(1);
    const frame = await peer.frames.take();
    peer.send(
      { channel: "/meta/refresh", successful: true, data: { expiresInMs: 0 } },
      { channel: "/meta/unsubscribe", successful: true, code: "revoked", error: "Not yours.", data: { channel: "a" } },
    );
    peer.answer(frame);
    await expect(publication).resolves.toMatchObject({ uuid: frame.uuid });
  });
});

describe("a connection that is denied", () => {
  it.each(["bad_origin", "credentials_too_large", "too_many_agents", "too_many_subscriptions"] as const)("with %s is not tried again", async (code) => {
    bench.server.select = "push-it.v1.denied";
    bench.server.automatic = false;
    const { states } = bench.client();
    const peer = await bench.server.peers.take();
    peer.answer(await peer.frames.take(), { successful: false, error: "No.", code });
    expect(await states.find(({ state }) => state === "denied")).toMatchObject({ code, reason: "No." });
    expect(bench.platform.timers).toBe(0);
  });
});
