import { Bench, settled } from "../support/setup.js";

const bench = Bench.use();

/** Lets the wait before a first retry pass. */
const passBackoff = (): void => bench.platform.advance(1_000);

describe("a denial", () => {
  beforeEach(() => {
    bench.server.select = "push-it.v1.denied";
    bench.server.automatic = false;
  });

  it("is final; the client requests its reason with one frame", async () => {
    const { pushIt, states } = bench.client();
    const peer = await bench.server.peers.take();
    const frame = await peer.frames.take();
    expect(frame).toEqual({ action: "connect", channel: "/meta/connect", uuid: expect.stringMatching(/^[\w-]{22}$/) });
    peer.answer(frame, { successful: false, error: "Members only.", code: "denied" });
    const change = await states.find(({ state }) => state === "denied");
    expect(change).toMatchObject({ previous: "connecting", code: "denied", reason: "Members only." });
    await peer.closed;
    bench.platform.dispatch("online");
    bench.platform.advance(3_600_000);
    await settled();
    expect(pushIt.state).toBe("denied");
    expect(peer.texts).toHaveLength(1);
    expect(bench.server.peers.waiting).toBe(0);
  });

  it("leaves no timer", async () => {
    const { states } = bench.client();
    const peer = await bench.server.peers.take();
    peer.answer(await peer.frames.take(), { successful: false, code: "denied" });
    await states.find(({ state }) => state === "denied");
    expect(bench.platform.timers).toBe(0);
  });

  it("fails waiting and later requests with its reason", async () => {
    const { pushIt } = bench.client();
    const waiting = pushIt.channel("a").publish(1);
    const peer = await bench.server.peers.take();
    peer.answer(await peer.frames.take(), { successful: false, error: "Members only.", code: "denied" });
    await expect(waiting).rejects.toMatchObject({ code: "denied", message: "Members only." });
    await expect(pushIt.channel("a").subscribe()).rejects.toMatchObject({ code: "denied", message: "Members only." });
  });

  it("ends when the application connects again", async () => {
    const { pushIt, states } = bench.client({ channels: ["a"] });
    pushIt.on("error", () => {});
    const peer = await bench.server.peers.take();
    peer.answer(await peer.frames.take(), { successful: false, code: "denied" });
    await states.find(({ state }) => state === "denied");
    bench.server.select = "push-it.v1";
    pushIt.connect();
    await states.find(({ state }) => state === "connected");
    const next = await bench.server.peers.take();
    expect(await next.frames.take()).toMatchObject({ action: "subscribe", data: { channels: ["a"] } });
  });

  it.each(["guard_timeout", "guard_failed"] as const)("by a %s is final, too", async (code) => {
    const { pushIt, states } = bench.client();
    const peer = await bench.server.peers.take();
    peer.answer(await peer.frames.take(), { successful: false, error: "Too slow.", code });
    expect(await states.find(({ state }) => state === "denied")).toMatchObject({ code, reason: "Too slow." });
    await expect(pushIt.channel("a").subscribe()).rejects.toMatchObject({ message: "Too slow." });
  });

  it.each(["bad_origin", "credentials_too_large", "too_many_agents", "too_many_subscriptions"] as const)(
    "with %s is final, too",
    async (code) => {
      const { states } = bench.client();
      const peer = await bench.server.peers.take();
      peer.answer(await peer.frames.take(), { successful: false, error: "No.", code });
      expect(await states.find(({ state }) => state === "denied")).toMatchObject({ code, reason: "No." });
      bench.platform.advance(3_600_000);
      await settled();
      expect(bench.server.peers.waiting).toBe(0);
    },
  );

  it("is retried if the server could not look it up", async () => {
    const { states } = bench.client();
    const peer = await bench.server.peers.take();
    peer.answer(await peer.frames.take(), { successful: false, error: "Later.", code: "unavailable" });
    const change = await states.find((change) => change.code !== "connect");
    expect(change).toMatchObject({ state: "connecting", code: "unavailable", reason: "Later.", retryIn: 500 });
    bench.server.select = "push-it.v1";
    passBackoff();
    await states.find(({ state }) => state === "connected");
  });

  it("is retried if API Gateway answers with an error", async () => {
    const { states } = bench.client();
    const peer = await bench.server.peers.take();
    await peer.frames.take();
    peer.send({ message: "Internal server error", connectionId: "c", requestId: "r" });
    expect(await states.find(({ code }) => code === "internal")).toMatchObject({ state: "connecting" });
  });

  it("without a reason in time is a denial without one", async () => {
    const { states } = bench.client();
    const peer = await bench.server.peers.take();
    await peer.frames.take();
    bench.platform.advance(30_000);
    expect(await states.find(({ state }) => state === "denied")).toMatchObject({ code: "denied", reason: "" });
  });

  it("is retried if the socket closes before the reply", async () => {
    const { states } = bench.client();
    const peer = await bench.server.peers.take();
    await peer.frames.take();
    peer.socket.terminate();
    await states.find(({ code }) => code === "unreachable");
    await settled();
    expect(states.all.filter(({ code }) => code !== "connect")).toHaveLength(1);
    passBackoff();
    await bench.server.peers.take();
  });
});

describe("too many agents", () => {
  it("after a loss may be this client's own dead connection", async () => {
    const { states, peer } = await bench.connected();
    peer.socket.terminate();
    await states.find(({ code }) => code === "closed");
    bench.server.select = "push-it.v1.denied";
    bench.server.automatic = false;
    passBackoff();
    const next = await bench.server.peers.take();
    next.answer(await next.frames.take(), { successful: false, code: "too_many_agents", error: "At most 1." });
    expect(await states.find(({ code }) => code === "too_many_agents")).toMatchObject({
      state: "connecting",
      retryIn: expect.any(Number),
    });
    bench.server.select = "push-it.v1";
    bench.platform.advance(30_000);
    await states.find(({ state }) => state === "connected");
  });

  it("is final again once the application has disconnected", async () => {
    const { pushIt, states, peer } = await bench.connected();
    pushIt.disconnect();
    await peer.closed;
    bench.server.select = "push-it.v1.denied";
    bench.server.automatic = false;
    pushIt.connect();
    const next = await bench.server.peers.take();
    next.answer(await next.frames.take(), { successful: false, code: "too_many_agents", error: "At most 1." });
    expect(await states.find(({ code }) => code === "too_many_agents")).toMatchObject({ state: "denied" });
  });
});
