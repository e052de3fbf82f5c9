import WebSocket from "ws";
import { Mailbox } from "./support/mailbox.js";
import { Bench, settled } from "./support/setup.js";

const bench = Bench.use();
const MINUTE = 60_000;

/** Lets the wait before a first retry pass. */
const passBackoff = (): void => bench.platform.advance(1_000);

describe("connecting", () => {
  it("offers the version, the wish to hear reasons, and the credentials; open means connected", async () => {
    const { states, peer } = await bench.connected({ credentials: { token: "t" } });
    expect(peer.protocols).toEqual([
      "push-it.v1",
      "push-it.v1.denied",
      expect.stringMatching(/^push-it\.session\.[\w-]{22}$/),
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
    bench.platform.advance(30_000);
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
      bench.platform.advance(retryIn!);
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
    const tokens = [peer, next].map(({ protocols }) => Buffer.from(protocols[3]!.split(".")[2]!, "base64url").toString());
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
    await expect(waiting).rejects.toMatchObject({ code: "credentials_too_large" });
    expect(bench.platform.timers).toBe(0);
    expect(bench.server.peers.all).toEqual([]);
    token = "small";
    pushIt.connect();
    await states.find(({ state }) => state === "connected");
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
    bench.platform.advance(500);
    (await bench.server.peers.take()).socket.close();
    expect((await states.find(({ code }) => code === "closed")).retryIn).toBe(1_000);
    bench.platform.advance(1_000);
    const stable = await bench.server.peers.take();
    await states.find(({ state }) => state === "connected");
    bench.platform.advance(MINUTE);
    stable.socket.close();
    expect((await states.find(({ code }) => code === "closed")).retryIn).toBe(500);
  });

  it("is made again at once when the network is back, or the application asks", async () => {
    bench.platform.random = 0.99;
    const { pushIt, states, peer } = await bench.connected();
    peer.socket.terminate();
    await states.find(({ code }) => code === "closed");
    bench.platform.dispatch("online");
    const second = await bench.server.peers.take();
    await states.find(({ state }) => state === "connected");
    second.socket.terminate();
    await states.find(({ code }) => code === "closed");
    pushIt.connect();
    await bench.server.peers.take();
    await states.find(({ state }) => state === "connected");
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
    expect(bench.platform.timers).toBe(0);
  });

  it("while credentials are being fetched opens nothing", async () => {
    let give = (_token: string): void => {};
    const made = jest.fn();
    class Counted extends WebSocket {
      constructor(url: string, protocols: string[]) {
        made();
        super(url, protocols);
      }
    }
    const credentials = (): Promise<string> => new Promise((resolve) => (give = resolve));
    const { pushIt } = bench.client({ credentials, WebSocket: Counted });
    pushIt.disconnect();
    give("late");
    await settled();
    expect(made).not.toHaveBeenCalled();
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
  it("again, or older than what came, is told once; also what was there when it subscribed again", async () => {
    bench.server.automatic = false;
    const { pushIt, peer, states } = await bench.connected();
    const heard = new Mailbox<unknown>();
    pushIt.on("subscribed", ({ channel }) => heard.put(channel));
    pushIt.on("message", ({ payload, offset }) => heard.put([payload, offset]));
    pushIt.subscribe("a");
    const latest = { uuid: "u5", data: "five", offset: 5 };
    peer.answer(await peer.frames.take(), { successful: true, data: { channel: "a", latest } });
    expect([await heard.take(), await heard.take()]).toEqual(["a", ["five", 5]]);
    peer.send({ channel: "a", ...latest }, { channel: "a", uuid: "u4", data: "four", offset: 4 }, { channel: "a", uuid: "u6", data: "six", offset: 6 });
    expect(await heard.take()).toEqual(["six", 6]);

    peer.socket.terminate();
    await states.find(({ retryIn }) => retryIn !== undefined);
    pushIt.connect();
    const next = await bench.server.peers.take();
    next.answer(await next.frames.take(), { successful: true, data: { channel: "a", latest: { uuid: "u6", data: "six", offset: 6 } } });
    next.send({ channel: "a", uuid: "u7", data: "seven", offset: 7 });
    expect([await heard.take(), await heard.take()]).toEqual(["a", ["seven", 7]]);
  });

  it("as a guard's result is no message, whatever it looks like", async () => {
    bench.server.automatic = false;
    const { pushIt, peer } = await bench.connected();
    const heard = new Mailbox<unknown>();
    pushIt.on("message", ({ payload }) => heard.put(payload));
    pushIt.publish({ channel: "a", data: 1 });
    peer.answer(await peer.frames.take(), { successful: true, data: { channel: "a", latest: { uuid: "x", data: "fake", offset: 1 } } });
    peer.send({ channel: "a", uuid: "u1", data: "real" });
    expect(await heard.take()).toBe("real");
  });

  it("that is empty, garbage or unknown harms nothing", async () => {
    const { pushIt, peer } = await bench.connected();
    const received = new Mailbox<unknown>();
    pushIt.on("message", ({ data }) => received.put(data));
    for (const text of ["", "not json", "null", "17", "[]", "[null,[[]]]", "{}", '{"message":1}', '{"channel":7}'])
      peer.socket.send(text);
    peer.socket.send('{"channel":"/meta/news","uuid":"x","successful":true}');
    peer.socket.send('{"channel":"/meta/successful","uuid":"nobody\'s","successful":true}');
    peer.socket.send('{"message":"Internal server error","connectionId":"nobody waits","requestId":"r"}');
    peer.socket.send(Buffer.from([1, 2, 3]));
    peer.send({ channel: "a", uuid: "u1", data: 1, unknown: true }, { channel: "a", uuid: "u2", data: 2 });
    expect([await received.take(), await received.take()]).toEqual([1, 2]);

    // Nor does what names no request end one that waits.
    bench.server.automatic = false;
    const publication = pushIt.channel("a").publish(1);
    const frame = await peer.frames.take();
    for (const text of ["{}", '{"message":1}', "[{},{}]"]) peer.socket.send(text);
    peer.answer(frame);
    await expect(publication).resolves.toMatchObject({ uuid: frame.uuid });
  });
});
