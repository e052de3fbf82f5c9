import WebSocket from "ws";
import { Bench, introduced, settled } from "../support/setup.js";

const bench = Bench.use();
const MINUTE = 60_000;

/** Lets the wait before a first retry pass. */
const passBackoff = (): void => bench.platform.advance(1_000);

describe("connecting", () => {
  it("offers the version, the denial subprotocol, a session and credentials", async () => {
    const { peer } = await bench.connected({ credentials: { token: "t" } });
    expect(peer.protocols).toEqual([
      "push-it.v1",
      "push-it.v1.denied",
      expect.stringMatching(/^push-it\.session\.[\w-]{22}$/),
      "push-it.credentials." + Buffer.from('{"token":"t"}').toString("base64url"),
    ]);
  });

  it("is done when the socket opens; one ping requests its id", async () => {
    const { states, peer } = await bench.connected();
    expect(states.all).toEqual([
      { state: "connecting", previous: "disconnected", code: "connect", reason: "", retryIn: undefined },
      { state: "connected", previous: "connecting", code: "connected", reason: "", retryIn: undefined },
    ]);
    await settled();
    expect(peer.first).toEqual({ action: "ping", channel: "/meta/ping", uuid: expect.stringMatching(/^[\w-]{22}$/) });
    expect(peer.texts).toEqual([]);
  });

  it("sends the ping and the first subscriptions in one turn", async () => {
    bench.server.introduces = false;
    bench.server.automatic = false;
    const { peer } = await bench.connected({ channels: ["a", "b"] });
    expect(await peer.frames.take()).toMatchObject({ action: "subscribe", data: { channels: ["a", "b"] } });
    expect(peer.first).toMatchObject({ action: "ping" });
  });

  it("waits for the application when autoConnect is off", async () => {
    const { pushIt, states } = bench.client({ autoConnect: false });
    await settled();
    expect([pushIt.state, states.all]).toEqual(["disconnected", []]);
    pushIt.connect();
    await states.find(({ state }) => state === "connected");
  });

  it("is retried if the socket does not open in time", async () => {
    const { states } = bench.client({ credentials: () => new Promise(() => {}) });
    bench.platform.advance(30_000);
    const change = await states.find(({ code }) => code !== "connect");
    expect(change).toMatchObject({ state: "connecting", previous: "connecting", code: "timeout", retryIn: 500 });
  });

  it("backs off with full jitter, and reports the delay", async () => {
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

  it("reports that a WebSocket class throws, and does not throw", async () => {
    class Refused extends WebSocket {
      constructor() {
        super("not a url");
      }
    }
    const { states } = bench.client({ WebSocket: Refused });
    await settled();
    bench.platform.advance(0);
    const change = await states.find(({ code }) => code === "socket_failed");
    expect(change).toMatchObject({ state: "connecting", reason: expect.stringMatching(/SyntaxError/), retryIn: 500 });
  });

  it("notices a socket that reports an error and never closes", async () => {
    const sockets: { onerror?: () => void }[] = [];
    class Silent {
      readonly protocol = "";
      onopen = null;
      onmessage = null;
      onclose = null;
      onerror = null;
      constructor() {
        sockets.push(this as unknown as { onerror: () => void });
      }
      send(): void {}
      close(): void {}
    }
    const { states } = bench.client({ WebSocket: Silent });
    await settled();
    sockets[0]!.onerror!();
    bench.platform.advance(0);
    expect(await states.find(({ code }) => code === "unreachable")).toMatchObject({
      state: "connecting",
      retryIn: 500,
    });
  });
});

describe("a lost connection", () => {
  it("is replaced; channels are subscribed in frames of 25", async () => {
    const channels = Array.from({ length: 60 }, (_, index) => `a/${index}`);
    const { pushIt, states, peer } = await bench.connected({ channels });
    await pushIt.channel("late").subscribe();
    peer.socket.close(1001, "Going away");
    const change = await states.find(({ code }) => code === "closed");
    expect(change).toMatchObject({
      state: "connecting",
      previous: "connected",
      reason: "1001 Going away",
      retryIn: 500,
    });
    passBackoff();
    const next = await bench.server.peers.take();
    const frames = [await next.frames.take(), await next.frames.take(), await next.frames.take()];
    expect(frames.map(({ data }) => data!.channels!.length)).toEqual([25, 25, 11]);
    expect(frames.flatMap(({ data }) => data!.channels!)).toEqual([...channels, "late"]);
  });

  it("fails requests in flight once, and sends queued ones", async () => {
    bench.server.automatic = false;
    const { pushIt, peer } = await bench.connected();
    const first = pushIt.channel("a").publish(1);
    await peer.frames.take();
    const second = pushIt.channel("a").publish(2);
    peer.socket.terminate();
    await expect(first).rejects.toMatchObject({ code: "closed", channel: "a" });
    bench.server.automatic = true;
    passBackoff();
    await expect(second).resolves.toEqual({ uuid: expect.any(String) });
    const next = await bench.server.peers.take();
    expect(next.frames.all.map(({ data }) => data)).toEqual([2]);
  });

  it("resets the backoff only if it was open for a while", async () => {
    const { pushIt, states, peer } = await bench.connected();
    peer.socket.close();
    expect((await states.find(({ code }) => code === "closed")).retryIn).toBe(500);
    bench.platform.advance(500);
    (await bench.server.peers.take()).socket.close();
    expect((await states.find(({ code }) => code === "closed")).retryIn).toBe(1_000);
    bench.platform.advance(1_000);
    const stable = await bench.server.peers.take();
    await states.find(({ state }) => state === "connected");
    await introduced(pushIt);
    bench.platform.advance(MINUTE);
    stable.socket.close();
    expect((await states.find(({ code }) => code === "closed")).retryIn).toBe(500);
  });

  it("is replaced at once when the network is back", async () => {
    bench.platform.random = 0.99;
    const { states, peer } = await bench.connected();
    peer.socket.terminate();
    await states.find(({ code }) => code === "closed");
    bench.platform.dispatch("online");
    await bench.server.peers.take();
    await states.find(({ state }) => state === "connected");
  });

  it("is replaced at once when the application asks", async () => {
    bench.platform.random = 0.99;
    const { pushIt, states, peer } = await bench.connected();
    peer.socket.terminate();
    await states.find(({ code }) => code === "closed");
    pushIt.connect();
    await bench.server.peers.take();
    await states.find(({ state }) => state === "connected");
  });
});

describe("disconnecting", () => {
  it("closes, and fails waiting requests", async () => {
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
  });

  it("leaves no timer", async () => {
    const { pushIt, peer } = await bench.connected({ channels: ["a"] });
    await peer.frames.take();
    pushIt.disconnect();
    await peer.closed;
    expect(bench.platform.timers).toBe(0);
  });

  it("fails later requests with the next step", async () => {
    const { pushIt } = await bench.connected();
    pushIt.disconnect();
    await expect(pushIt.channel("a").publish(1)).rejects.toMatchObject({
      code: "closed",
      message: expect.stringContaining("call connect()"),
    });
  });

  it("while credentials are being fetched does not open a socket", async () => {
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

  it("and connecting again subscribes to the same channels", async () => {
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
