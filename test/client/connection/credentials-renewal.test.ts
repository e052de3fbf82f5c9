import { Bench, settled } from "../support/setup.js";
import type { Peer } from "../support/scripted-server.js";
import { arrived } from "../support/recorded.js";

const bench = Bench.use();
const MINUTE = 60_000;

/** How long before the end a client renews when chance is 0.5: three quarters of `retryCap`. */
const LEAD = 22_500;

/** A client with a function for its credentials, on a server that vouches for it for `expiresInMs` milliseconds. */
const vouched = async (expiresInMs: number | undefined, credentials: () => unknown = () => "token") => {
  bench.server.automatic = false;
  bench.server.introduces = false;
  const { pushIt, states, peer } = await bench.connected({ credentials, suspectAfter: Infinity });
  const data = { agent: "agent", ...(expiresInMs !== undefined && { expiresInMs }) };
  peer.answer(await peer.introduction, { successful: true, data });
  const handled = (): Promise<void> => arrived(pushIt, peer);
  await handled();
  return { pushIt, states, peer, handled };
};

/** Lets time pass until the client sends a refresh. */
const refreshed = async (peer: Peer, milliseconds: number) => {
  bench.platform.advance(milliseconds);
  return peer.frames.take();
};

describe("a client with a function for its credentials", () => {
  it("renews with fresh credentials before each expiry", async () => {
    let token = 0;
    const { pushIt, peer, handled } = await vouched(5 * MINUTE, () => ({ token: ++token }));
    bench.platform.advance(4 * MINUTE - LEAD);
    for (const expected of [2, 3]) {
      const frame = await refreshed(peer, MINUTE);
      expect(frame).toEqual({
        action: "refresh",
        channel: "/meta/refresh",
        uuid: frame.uuid,
        data: { credentials: { token: expected } },
      });
      peer.answer(frame, { successful: true, data: { expiresInMs: 65_000 } });
      await handled();
    }
    expect(pushIt.state).toBe("connected");
  });

  it("renews at most a fifth of a short time early", async () => {
    bench.platform.random = 1;
    const { peer } = await vouched(10_000);
    bench.platform.advance(7_999);
    await settled();
    expect(peer.frames.waiting).toBe(0);
    expect(await refreshed(peer, 1)).toMatchObject({ action: "refresh" });
  });

  it("does nothing if the agent does not expire", async () => {
    const { peer, handled } = await vouched(undefined);
    bench.platform.advance(8 * MINUTE);
    await handled();
    expect(peer.frames.waiting).toBe(0);
  });

  it("does not set a timer that is too long", async () => {
    const { peer, handled } = await vouched(undefined);
    const { timers } = bench.platform;
    peer.send({ channel: "/meta/refresh", successful: true, data: { expiresInMs: 365 * 24 * 60 * MINUTE } });
    await handled();
    expect([bench.platform.timers, peer.frames.waiting]).toEqual([timers, 0]);
  });

  it("renews at once when the time is over, and only once", async () => {
    const { peer, handled } = await vouched(undefined);
    const ask = { channel: "/meta/refresh", successful: true, data: { expiresInMs: -5 } };
    peer.send(ask, ask);
    peer.send(ask);
    await handled();
    expect(await refreshed(peer, 0)).toMatchObject({ action: "refresh", data: { credentials: "token" } });
    peer.send(ask);
    await handled();
    bench.platform.advance(1_000);
    await handled();
    expect(peer.frames.waiting).toBe(0);
  });

  it.each(["guard_timeout", "guard_failed", "unavailable"] as const)(
    "tries again when renewing fails with %s",
    async (code) => {
      const { pushIt, peer, handled } = await vouched(MINUTE);
      peer.answer(await refreshed(peer, MINUTE), { successful: false, code, error: "Later." });
      await handled();
      expect(pushIt.state).toBe("connected");
      expect(await refreshed(peer, LEAD)).toMatchObject({ action: "refresh" });
    },
  );

  it("retries when its credentials fail", async () => {
    let given = 0;
    const { peer, handled } = await vouched(MINUTE, () => {
      if (++given === 2) throw new Error("no session");
      return given;
    });
    bench.platform.advance(MINUTE);
    await handled();
    expect(peer.frames.waiting).toBe(0);
    expect(await refreshed(peer, LEAD)).toMatchObject({ action: "refresh", data: { credentials: 3 } });
  });

  it("retries when API Gateway reports that the Lambda died", async () => {
    const { peer, handled } = await vouched(MINUTE);
    await refreshed(peer, MINUTE);
    peer.send({ message: "Internal server error", connectionId: "c", requestId: "r" });
    await handled();
    expect(await refreshed(peer, LEAD)).toMatchObject({ action: "refresh" });
  });

  it("that is denied when it renews is denied for good", async () => {
    const { states, peer } = await vouched(MINUTE);
    peer.answer(await refreshed(peer, MINUTE), { successful: false, code: "denied", error: "You were suspended." });
    expect(await states.find(({ state }) => state === "denied")).toMatchObject({
      code: "denied",
      reason: "You were suspended.",
    });
    await peer.closed;
    bench.platform.advance(3_600_000);
    await settled();
    expect(bench.server.peers.waiting).toBe(0);
  });

  it("does not renew when its connection has gone meanwhile", async () => {
    let give: (token: string) => void = () => undefined;
    let given = 0;
    const { states, peer } = await vouched(MINUTE, () =>
      ++given === 2 ? new Promise((resolve) => (give = resolve)) : given,
    );
    bench.platform.advance(MINUTE);
    peer.socket.terminate();
    await states.find(({ code }) => code === "closed");
    give("late");
    bench.platform.advance(1_000);
    const next = await bench.server.peers.take();
    await next.introduction;
    await settled();
    expect(next.frames.waiting).toBe(0);
  });

  it("uses the time of every later ping, too", async () => {
    const { peer, handled } = await vouched(undefined);
    bench.platform.advance(8.55 * MINUTE);
    const ping = await peer.frames.take();
    expect(ping).toMatchObject({ action: "ping" });
    peer.answer(ping, { successful: true, data: { expiresInMs: MINUTE } });
    await handled();
    expect(await refreshed(peer, MINUTE)).toMatchObject({ action: "refresh" });
  });
});

describe("refreshCredentials()", () => {
  it("sends fresh credentials now, and is fulfilled by the reply", async () => {
    let token = 0;
    const { pushIt, peer } = await vouched(undefined, () => ++token);
    const renewed = pushIt.refreshCredentials();
    const frame = await peer.frames.take();
    expect(frame).toMatchObject({ action: "refresh", data: { credentials: 2 } });
    peer.answer(frame, { successful: true, data: { agent: "agent", userId: "ann" } });
    await expect(renewed).resolves.toBeUndefined();
    expect(pushIt.me).toEqual({ agent: "agent", userId: "ann" });
  });

  it("works with credentials that are not a function", async () => {
    const { pushIt, peer } = await bench.connected({ credentials: "token" });
    await pushIt.refreshCredentials();
    expect(peer.frames.all).toMatchObject([{ action: "refresh", data: { credentials: "token" } }]);
  });

  it("rejects with the server's error, and stays connected", async () => {
    const { pushIt, peer } = await vouched(undefined);
    const renewed = pushIt.refreshCredentials();
    peer.answer(await peer.frames.take(), { successful: false, code: "guard_timeout", error: "Too slow." });
    await expect(renewed).rejects.toMatchObject({ name: "PushItError", code: "guard_timeout", message: "Too slow." });
    expect(pushIt.state).toBe("connected");
  });

  it("ends the connection when the guard denies", async () => {
    const { pushIt, states, peer } = await vouched(undefined);
    const renewed = pushIt.refreshCredentials();
    peer.answer(await peer.frames.take(), { successful: false, code: "denied", error: "Not you." });
    await expect(renewed).rejects.toMatchObject({ code: "denied" });
    expect(await states.find(({ state }) => state === "denied")).toMatchObject({ code: "denied", reason: "Not you." });
  });

  it("rejects when the client is not connected", async () => {
    const { pushIt } = bench.client({ autoConnect: false });
    await expect(pushIt.refreshCredentials()).rejects.toMatchObject({ name: "PushItError", code: "closed" });
  });

  it("rejects when the credentials are too large", async () => {
    const { pushIt } = await bench.connected({ credentials: "small" });
    const other = await bench.connected({
      credentials: (() => {
        let n = 0;
        return () => (n++ ? "x".repeat(5_000) : "small");
      })(),
    });
    await expect(other.pushIt.refreshCredentials()).rejects.toMatchObject({ code: "credentials_too_large" });
    expect([pushIt.state, other.pushIt.state]).toEqual(["connected", "connected"]);
  });
});

describe("a client whose credentials never change", () => {
  it("never renews, even when the time is over", async () => {
    const { pushIt, peer } = await bench.connected({ credentials: "token" });
    peer.send({ channel: "/meta/refresh", successful: true, data: { expiresInMs: -5 } });
    await arrived(pushIt, peer);
    bench.platform.advance(1_000);
    await settled();
    expect(peer.frames.waiting).toBe(0);
  });

  it("reconnects when it has expired, and the guard decides", async () => {
    const { states, peer } = await bench.connected({ credentials: "token" });
    peer.send({ channel: "/meta/refresh", successful: false, code: "expired", error: "Not renewed." });
    expect(await states.find(({ code }) => code === "expired")).toMatchObject({
      state: "connecting",
      reason: "Not renewed.",
      retryIn: 500,
    });
    bench.platform.advance(1_000);
    await states.find(({ state }) => state === "connected");
  });

  it("treats `expired` as the reply to its request", async () => {
    bench.server.automatic = false;
    const { pushIt, states, peer } = await bench.connected();
    const publication = pushIt.channel("a").publish(1);
    const { uuid } = await peer.frames.take();
    peer.send({ channel: "/meta/refresh", uuid, successful: false, code: "expired", error: "Not renewed." });
    await expect(publication).rejects.toMatchObject({ code: "expired", retryable: true });
    await states.find(({ code }) => code === "expired");
  });
});
