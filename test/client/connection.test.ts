import { Bench, settled } from "./support/setup.js";

const bench = Bench.use();
const MINUTE = 60_000;

/** Lets a client's wait for its next attempt pass: at most the cap of the defaults. */
const passBackoff = (): void => bench.host.advance(30_000);

describe("connecting", () => {
  it("offers the version, the wish to hear reasons, and the credentials; open means connected", async () => {
    const { states, peer } = await bench.connected({ credentials: { token: "t" } });
    expect(peer.protocols).toEqual([
      "push-it.v1",
      "push-it.v1.denied",
      "push-it.credentials." + Buffer.from('{"token":"t"}').toString("base64url"),
    ]);
    expect(states.all).toEqual([
      { state: "connecting", previous: "disconnected", code: "connect", reason: "", retryIn: undefined },
      { state: "connected", previous: "connecting", code: "connected", reason: "", retryIn: undefined },
    ]);
    await settled();
    expect(peer.texts).toEqual([]);
  });

  it("waits for the application where autoConnect is off", async () => {
    const { pushIt, states } = bench.client({ autoConnect: false });
    await settled();
    expect([pushIt.state, states.all]).toEqual(["disconnected", []]);
    pushIt.connect();
    await states.find(({ state }) => state === "connected");
  });

  it("is given up and tried again when nothing happens in time", async () => {
    const { states } = bench.client({ credentials: () => new Promise(() => {}) });
    bench.host.advance(30_000);
    const change = await states.find(({ code }) => code !== "connect");
    expect(change).toMatchObject({ state: "connecting", previous: "connecting", code: "timeout", retryIn: 500 });
  });

  it("backs off with full jitter, and says until when", async () => {
    bench.server.refuse = 500;
    const { states } = bench.client();
    const waits: (number | undefined)[] = [];
    for (let attempt = 0; attempt < 7; attempt++) {
      const { retryIn, code } = await states.find(({ code }) => code !== "connect");
      expect(code).toBe("unreachable");
      waits.push(retryIn);
      bench.host.advance(retryIn!);
    }
    expect(waits).toEqual([500, 1_000, 2_000, 4_000, 8_000, 15_000, 15_000]);
  });

  it("says that a WebSocket cannot be made, and does not throw", async () => {
    const { states } = bench.client({ url: "not a url" });
    const change = await states.find(({ code }) => code === "socket_failed");
    expect(change.reason).toMatch(/SyntaxError/);
  });
});

describe("credentials", () => {
  it("from a function are asked for on every attempt", async () => {
    let count = 0;
    const { states, peer } = await bench.connected({ credentials: async () => ++count });
    peer.socket.close();
    await states.find(({ code }) => code === "closed");
    passBackoff();
    const next = await bench.server.peers.take();
    const tokens = [peer, next].map(({ protocols }) => Buffer.from(protocols[2]!.split(".")[2]!, "base64url").toString());
    expect(tokens).toEqual(["1", "2"]);
  });

  it.each([
    ["throws", () => { throw new Error("no token"); }],
    ["rejects", () => Promise.reject(new Error("no token"))],
    ["gives what is no JSON", () => 1n],
  ])("from a function that %s are a coded failure, retried", async (_how, fail) => {
    let credentials: () => unknown = fail;
    const { states } = bench.client({ credentials: () => credentials() });
    const change = await states.find(({ code }) => code !== "connect");
    expect(change).toMatchObject({ state: "connecting", code: "credentials_failed", retryIn: 500 });
    expect(change.reason).toMatch(/no token|BigInt/);
    credentials = () => "token";
    passBackoff();
    await states.find(({ state }) => state === "connected");
  });

  it("that are too large never reach the wire, and are not retried until the application connects again", async () => {
    let token = "x".repeat(5_000);
    const { pushIt, states } = bench.client({ credentials: () => token });
    const waiting = pushIt.channel("a").publish(1);
    const change = await states.find(({ code }) => code !== "connect");
    expect(change).toMatchObject({ state: "disconnected", code: "credentials_too_large", retryIn: undefined });
    expect(change.reason).toMatch(/4,096 bytes/);
    await expect(waiting).rejects.toMatchObject({ code: "credentials_too_large" });
    expect(bench.host.timers).toBe(0);
    expect(bench.server.peers.all).toEqual([]);
    token = "small";
    pushIt.connect();
    await states.find(({ state }) => state === "connected");
  });
});

describe("a denial", () => {
  beforeEach(() => {
    bench.server.select = "push-it.v1.denied";
    bench.server.automatic = false;
  });

  it("is asked for its reason with one frame, told with reason and code, and final", async () => {
    const { pushIt, states } = bench.client();
    const peer = await bench.server.peers.take();
    const frame = await peer.frames.take();
    expect(frame).toEqual({ action: "connect", channel: "/meta/connect", uuid: expect.stringMatching(/^[\w-]{22}$/) });
    peer.answer(frame, { successful: false, error: "Members only.", code: "denied" });
    const change = await states.find(({ state }) => state === "denied");
    expect(change).toMatchObject({ previous: "connecting", code: "denied", reason: "Members only." });
    await peer.closed;
    expect(bench.host.timers).toBe(0);
    bench.host.dispatch("online");
    await settled();
    expect(pushIt.state).toBe("denied");
    expect(peer.texts).toHaveLength(1);
  });

  it("fails what waits, and what is asked later, with its reason", async () => {
    const { pushIt } = bench.client();
    const waiting = pushIt.channel("a").publish(1);
    const peer = await bench.server.peers.take();
    peer.answer(await peer.frames.take(), { successful: false, error: "Members only.", code: "denied" });
    await expect(waiting).rejects.toMatchObject({ code: "denied", message: "Members only." });
    await expect(pushIt.channel("a").subscribe()).rejects.toMatchObject({ code: "denied" });
  });

  it("ends when the application connects again", async () => {
    const { pushIt, states } = bench.client({ channels: ["a"] });
    const peer = await bench.server.peers.take();
    peer.answer(await peer.frames.take(), { successful: false, code: "denied" });
    await states.find(({ state }) => state === "denied");
    bench.server.select = "push-it.v1";
    pushIt.connect();
    await states.find(({ state }) => state === "connected");
    const next = await bench.server.peers.take();
    expect(await next.frames.take()).toMatchObject({ action: "subscribe", data: { channels: ["a"] } });
  });

  it.each(["guard_timeout", "guard_failed", "unavailable"] as const)("that is a %s is retried", async (code) => {
    const { states } = bench.client();
    const peer = await bench.server.peers.take();
    peer.answer(await peer.frames.take(), { successful: false, error: "Later.", code });
    const change = await states.find((change) => change.code !== "connect");
    expect(change).toMatchObject({ state: "connecting", code, reason: "Later.", retryIn: 500 });
    bench.server.select = "push-it.v1";
    passBackoff();
    await states.find(({ state }) => state === "connected");
  });

  it("that API Gateway cannot explain is retried", async () => {
    const { states } = bench.client();
    const peer = await bench.server.peers.take();
    await peer.frames.take();
    peer.send({ message: "Internal server error", connectionId: "c", requestId: "r" });
    expect(await states.find(({ code }) => code === "internal")).toMatchObject({ state: "connecting" });
  });

  it("that nobody explains in time is a denial without a reason", async () => {
    const { states } = bench.client();
    const peer = await bench.server.peers.take();
    await peer.frames.take();
    bench.host.advance(30_000);
    expect(await states.find(({ state }) => state === "denied")).toMatchObject({ code: "denied" });
  });

  it("whose socket closes before the answer is asked for again", async () => {
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

describe("a lost connection", () => {
  it("is made again, and what was subscribed is subscribed again, in frames of 25", async () => {
    const channels = Array.from({ length: 60 }, (_, index) => `a/${index}`);
    const { pushIt, states, peer } = await bench.connected({ channels });
    await pushIt.channel("late").subscribe();
    peer.socket.close(1001, "Going away");
    const change = await states.find(({ code }) => code === "closed");
    expect(change).toMatchObject({ state: "connecting", previous: "connected", reason: "1001 Going away", retryIn: 500 });
    passBackoff();
    const next = await bench.server.peers.take();
    const frames = [await next.frames.take(), await next.frames.take(), await next.frames.take()];
    expect(frames.map(({ data }) => data!.channels!.length)).toEqual([25, 25, 11]);
    expect(frames.flatMap(({ data }) => data!.channels!)).toEqual([...channels, "late"]);
  });

  it("fails what was in flight, once, and sends what had not been sent", async () => {
    bench.server.automatic = false;
    const { pushIt, peer } = await bench.connected();
    const first = pushIt.channel("a").publish(1);
    await peer.frames.take();
    const second = pushIt.channel("a").publish(2);
    peer.socket.terminate();
    await expect(first).rejects.toMatchObject({ code: "closed", channel: "a" });
    bench.server.automatic = true;
    passBackoff();
    await expect(second).resolves.toMatchObject({ result: undefined });
    const next = await bench.server.peers.take();
    expect(next.frames.all.map(({ data }) => data)).toEqual([2]);
  });

  it("counts as the first again only when it had stood a while", async () => {
    const { states, peer } = await bench.connected();
    peer.socket.close();
    expect((await states.find(({ code }) => code === "closed")).retryIn).toBe(500);
    bench.host.advance(500);
    (await bench.server.peers.take()).socket.close();
    expect((await states.find(({ code }) => code === "closed")).retryIn).toBe(1_000);
    bench.host.advance(1_000);
    const stable = await bench.server.peers.take();
    await states.find(({ state }) => state === "connected");
    bench.host.advance(MINUTE);
    stable.socket.close();
    expect((await states.find(({ code }) => code === "closed")).retryIn).toBe(500);
  });

  it("is made again at once when the network is back, or the application asks", async () => {
    bench.host.random = 0.99;
    const { pushIt, states, peer } = await bench.connected();
    peer.socket.terminate();
    await states.find(({ code }) => code === "closed");
    bench.host.dispatch("online");
    const second = await bench.server.peers.take();
    await states.find(({ state }) => state === "connected");
    second.socket.terminate();
    await states.find(({ code }) => code === "closed");
    pushIt.connect();
    await bench.server.peers.take();
    await states.find(({ state }) => state === "connected");
  });
});

describe("the heartbeat", () => {
  it("pings, and is content with an answer", async () => {
    const { pushIt, peer } = await bench.connected();
    bench.host.advance(9 * MINUTE);
    expect(await peer.frames.take()).toMatchObject({ action: "ping", channel: "/meta/ping" });
    // The answer has been handled when the next one has.
    await pushIt.channel("a").publish(1);
    bench.host.advance(10_000);
    expect(pushIt.state).toBe("connected");
  });

  it("takes a ping that is not answered in time for a dead connection", async () => {
    bench.server.automatic = false;
    const { states, peer } = await bench.connected();
    bench.host.advance(9 * MINUTE);
    await peer.frames.take();
    bench.host.advance(10_000);
    expect(await states.find(({ code }) => code === "unresponsive")).toMatchObject({ state: "connecting" });
    passBackoff();
    await bench.server.peers.take();
    await peer.closed;
  });

  it("takes any answer to a ping for life, also an error", async () => {
    bench.server.automatic = false;
    const { pushIt, peer } = await bench.connected();
    bench.host.advance(9 * MINUTE);
    peer.answer(await peer.frames.take(), { successful: false, code: "unavailable", error: "Busy." });
    peer.send({ channel: "a", uuid: "u", data: 1 });
    await new Promise<void>((resolve) => pushIt.on("message", () => resolve()));
    bench.host.advance(MINUTE);
    expect(pushIt.state).toBe("connected");
  });

  it("reconnects when the server does not know the agent any more", async () => {
    bench.server.automatic = false;
    const { states, peer } = await bench.connected();
    bench.host.advance(9 * MINUTE);
    peer.answer(await peer.frames.take(), { successful: false, error: "Unknown agent.", code: "unknown_agent" });
    const change = await states.find(({ code }) => code === "unknown_agent");
    expect(change).toMatchObject({ state: "connecting", reason: "Unknown agent." });
    passBackoff();
    await bench.server.peers.take();
  });

  it("learns of a lost agent from any answer", async () => {
    bench.server.automatic = false;
    const { pushIt, states, peer } = await bench.connected();
    const publication = pushIt.channel("a").publish(1);
    peer.answer(await peer.frames.take(), { successful: false, error: "Unknown agent.", code: "unknown_agent" });
    await expect(publication).rejects.toMatchObject({ code: "unknown_agent" });
    await states.find(({ code }) => code === "unknown_agent");
  });
});

describe("sleep, freezing, background", () => {
  it("doubts a connection after a sleep: probes it, and replaces it when it is dead", async () => {
    bench.server.automatic = false;
    const { states, peer } = await bench.connected();
    bench.host.sleep(5 * MINUTE);
    expect(await peer.frames.take()).toMatchObject({ action: "ping" });
    bench.host.advance(10_000);
    await states.find(({ code }) => code === "unresponsive");
  });

  it("probes when a page comes back, unless the server was heard just now", async () => {
    const { pushIt, peer } = await bench.connected();
    bench.host.advance(20_000);
    bench.host.dispatch("visibilitychange");
    await pushIt.channel("a").publish(1);
    bench.host.advance(31_000);
    bench.host.dispatch("visibilitychange");
    await pushIt.channel("a").publish(2);
    expect(peer.frames.all.map(({ action }) => action)).toEqual(["publish", "ping", "publish"]);
  });

  it("probes at once when the network is back", async () => {
    const { peer } = await bench.connected();
    bench.host.dispatch("online");
    expect(await peer.frames.take()).toMatchObject({ action: "ping" });
  });

  it("raises no false alarm where a throttled tab's timers fire late: the answer came in time", async () => {
    bench.server.automatic = false;
    const { pushIt, states, peer } = await bench.connected();
    bench.host.advance(9 * MINUTE);
    const frame = await peer.frames.take();
    // The tab is frozen with the ping under way. It thaws: the timer fires first, the answer is still queued.
    bench.host.sleep(5 * MINUTE);
    peer.answer(frame);
    peer.send({ channel: "a", uuid: "u", data: 1 });
    await new Promise<void>((resolve) => pushIt.on("message", () => resolve()));
    bench.host.advance(5_000);
    expect(pushIt.state).toBe("connected");
    expect(states.all.map(({ state }) => state)).toEqual(["connecting", "connected"]);
  });
});

describe("disconnecting", () => {
  it("closes, fails what waits, and leaves no timer", async () => {
    bench.server.automatic = false;
    const { pushIt, states, peer } = await bench.connected();
    const flying = pushIt.channel("a").publish(1);
    await peer.frames.take();
    const waiting = pushIt.channel("a").publish(2);
    pushIt.disconnect();
    expect(pushIt.state).toBe("disconnected");
    await expect(flying).rejects.toMatchObject({ code: "closed" });
    await expect(waiting).rejects.toMatchObject({ code: "closed" });
    expect(await states.find(({ state }) => state === "disconnected")).toMatchObject({ code: "disconnect" });
    await peer.closed;
    expect(bench.host.timers).toBe(0);
  });

  it("while credentials are being fetched opens nothing", async () => {
    let give = (_token: string): void => {};
    const { pushIt } = bench.client({ credentials: () => new Promise((resolve) => (give = resolve)) });
    pushIt.disconnect();
    give("late");
    await settled();
    expect(bench.server.peers.all).toEqual([]);
    expect(pushIt.state).toBe("disconnected");
  });

  it("and connecting again subscribes again to what was subscribed", async () => {
    const { pushIt, states, peer } = await bench.connected();
    await pushIt.channel("a").subscribe();
    pushIt.disconnect();
    await peer.closed;
    pushIt.connect();
    await states.find(({ code }) => code === "disconnect");
    await states.find(({ state }) => state === "connected");
    const next = await bench.server.peers.take();
    expect(await next.frames.take()).toMatchObject({ action: "subscribe", data: { channels: ["a"] } });
  });
});

describe("what comes in", () => {
  it("that is empty, garbage or unknown harms nothing", async () => {
    const { pushIt, peer } = await bench.connected();
    const received: unknown[] = [];
    pushIt.on("message", ({ data }) => received.push(data));
    for (const text of ["", "not json", "null", "17", "[]", "[null,[[]]]", "{}", '{"message":1}', '{"channel":7}'])
      peer.socket.send(text);
    peer.socket.send('{"channel":"/meta/news","uuid":"x","successful":true}');
    peer.socket.send('{"channel":"/meta/successful","uuid":"nobody\'s","successful":true}');
    peer.socket.send('{"message":"Internal server error","connectionId":"c","requestId":"r"}');
    peer.socket.send(Buffer.from([1, 2, 3]));
    peer.send({ channel: "a", uuid: "u1", data: 1, unknown: true }, { channel: "a", uuid: "u2", data: 2 });
    await pushIt.channel("a").publish(1);
    expect(received).toEqual([1, 2]);
    expect(pushIt.state).toBe("connected");
  });
});
