import { Heartbeat } from "../../../client/src/connection/heartbeat.js";
import { PingPayload } from "../../../client/src/connection/ping-payload.js";
import { FakeConnection, FakeInternals } from "../support/fake-internals.js";
import { arrived } from "../support/recorded.js";
import { Bench, settled } from "../support/setup.js";

const bench = Bench.use();
const MINUTE = 60_000;

/** When the first ping is due: 9 minutes, less half of a tenth. */
const PING = 8.55 * MINUTE;

/** Lets the wait before a first retry pass. */
const passBackoff = (): void => bench.platform.advance(1_000);

describe("the heartbeat", () => {
  it("pings, and continues after a reply", async () => {
    const { pushIt, peer } = await bench.connected();
    bench.platform.advance(PING);
    expect(await peer.frames.take()).toMatchObject({ action: "ping", channel: "/meta/ping" });
    // The reply has been handled when the next one has.
    await pushIt.channel("a").publish(1);
    bench.platform.advance(10_000);
    expect(pushIt.state).toBe("connected");
  });

  it("treats a ping without a reply as a dead connection", async () => {
    bench.server.automatic = false;
    const { states, peer } = await bench.connected();
    bench.platform.advance(PING);
    await peer.frames.take();
    bench.platform.advance(10_000);
    expect(await states.find(({ code }) => code === "unresponsive")).toMatchObject({ state: "connecting" });
    // The old socket's end changes nothing.
    await peer.closed;
    await settled();
    expect(states.waiting).toBe(0);
    passBackoff();
    await bench.server.peers.take();
  });

  it("treats an error without a uuid as a reply to its ping", async () => {
    bench.server.automatic = false;
    const { pushIt, peer } = await bench.connected();
    bench.platform.advance(PING);
    await peer.frames.take();
    pushIt
      .channel("a")
      .publish(1)
      .catch(() => undefined);
    await peer.frames.take();
    bench.platform.advance(1_000);
    peer.send({ message: "Internal server error", connectionId: "c", requestId: "r" });
    peer.send({ channel: "a", uuid: "u", data: 1 });
    await new Promise<void>((resolve) => pushIt.on("message", () => resolve()));
    bench.platform.advance(9_000);
    expect(pushIt.state).toBe("connected");
  });

  it("treats any reply to a ping as alive, also an error", async () => {
    bench.server.automatic = false;
    const { pushIt, peer } = await bench.connected();
    bench.platform.advance(PING);
    peer.answer(await peer.frames.take(), { successful: false, code: "unavailable", error: "Busy." });
    peer.send({ channel: "a", uuid: "u", data: 1 });
    await new Promise<void>((resolve) => pushIt.on("message", () => resolve()));
    bench.platform.advance(MINUTE);
    expect(pushIt.state).toBe("connected");
  });

  it("reconnects when the server does not know the agent any more", async () => {
    bench.server.automatic = false;
    const { states, peer } = await bench.connected();
    bench.platform.advance(PING);
    peer.answer(await peer.frames.take(), { successful: false, error: "Unknown agent.", code: "unknown_agent" });
    const change = await states.find(({ code }) => code === "unknown_agent");
    expect(change).toMatchObject({ state: "connecting", reason: "Unknown agent." });
    passBackoff();
    await bench.server.peers.take();
  });

  it("asks again who it is if the first ping fails", async () => {
    bench.server.introduces = false;
    const { pushIt, states } = bench.client();
    await states.find(({ state }) => state === "connected");
    const peer = await bench.server.peers.take();
    bench.server.automatic = false;
    peer.answer(await peer.introduction, { successful: false, code: "unavailable", error: "Busy." });
    await arrived(pushIt, peer);
    bench.platform.advance(10_000);
    const again = await peer.frames.take();
    expect(again).toMatchObject({ action: "ping" });
    peer.answer(again, { successful: true, data: { agent: "me" } });
    await arrived(pushIt, peer);
    expect(pushIt.me).toEqual({ agent: "me" });
  });

  it("notices a lost agent by any reply", async () => {
    bench.server.automatic = false;
    const { pushIt, states, peer } = await bench.connected();
    const publication = pushIt.channel("a").publish(1);
    peer.answer(await peer.frames.take(), { successful: false, error: "Unknown agent.", code: "unknown_agent" });
    await expect(publication).rejects.toMatchObject({ code: "unknown_agent" });
    await states.find(({ code }) => code === "unknown_agent");
  });
});

describe("a server that knows heartbeats", () => {
  beforeEach(() => void (bench.server.heartbeats = true));

  it("gets heartbeats instead of pings, and need not reply", async () => {
    bench.server.automatic = false;
    const { pushIt, peer, states } = await bench.connected();
    for (let beat = 0; beat < 2; beat += 1) {
      bench.platform.advance(PING);
      expect(await peer.frames.take()).toMatchObject({ action: "heartbeat", channel: "/meta/ping" });
      // Longer than the SDK trusts a silent server after it has sent something else.
      bench.platform.advance(15_000);
      await settled();
    }
    expect([pushIt.state, peer.frames.waiting, states.waiting]).toEqual(["connected", 0, 0]);
  });

  it("gets presence and positions in one frame", async () => {
    bench.server.automatic = false;
    const { pushIt, peer } = await bench.connected({ channels: ["a"] });
    const { uuid } = await peer.frames.take();
    const position = { epoch: "e", offset: 1 };
    const intervals = { presenceIntervalMs: 420_000, historyCheckIntervalMs: 420_000 };
    peer.send({ channel: "/meta/subscribe", uuid, successful: true, data: { channel: "a", position, ...intervals } });
    await arrived(pushIt, peer);
    bench.platform.advance(420_000);
    expect(await peer.frames.take()).toMatchObject({
      action: "heartbeat",
      data: { presentChannels: ["a"], positions: { a: position } },
    });
    bench.platform.advance(20_000);
    await arrived(pushIt, peer);
    expect(peer.frames.waiting).toBe(0);
  });

  it("may answer with news, or that the agent has ended", async () => {
    bench.server.automatic = false;
    const { pushIt, peer, states } = await bench.connected({ channels: ["a"] });
    const first = await peer.frames.take();
    const data = { channel: "a", presenceIntervalMs: 400_000 };
    peer.send({ channel: "/meta/subscribe", uuid: first.uuid, successful: true, data });
    await arrived(pushIt, peer);
    bench.platform.advance(400_000);
    const { uuid } = await peer.frames.take();
    peer.send({ channel: "/meta/ping", uuid, successful: true, data: { absentChannels: ["a"] } });
    const again = await peer.frames.take();
    expect(again).toMatchObject({ action: "subscribe", data: { channels: ["a"] } });
    peer.send({ channel: "/meta/subscribe", uuid: again.uuid, successful: true, data });
    await arrived(pushIt, peer);
    bench.platform.advance(400_000);
    const next = await peer.frames.take();
    peer.send({ channel: "/meta/ping", uuid: next.uuid, successful: false, code: "unknown_agent", error: "Unknown." });
    expect(await states.find(({ code }) => code === "unknown_agent")).toMatchObject({ state: "connecting" });
  });

  it("gets pings if `pingInterval` is below the default", async () => {
    const { pushIt, peer } = await bench.connected({ pingInterval: MINUTE });
    bench.platform.advance(MINUTE);
    expect(await peer.frames.take()).toMatchObject({ action: "ping" });
    expect(pushIt.state).toBe("connected");
  });

  it("still gets a ping after silence, and after the connection opened", async () => {
    bench.server.automatic = false;
    const { pushIt, peer } = await bench.connected();
    expect(peer.first).toMatchObject({ action: "ping" });
    pushIt.publish({ channel: "a", data: 1 }, () => {});
    await peer.frames.take();
    bench.platform.advance(4_000);
    expect(await peer.frames.take()).toMatchObject({ action: "ping" });
  });
});

describe("an error that names no request", () => {
  it("does not fail a request shortly after a heartbeat", async () => {
    bench.server.heartbeats = true;
    bench.server.automatic = false;
    const { pushIt, peer } = await bench.connected();
    bench.platform.advance(PING);
    await peer.frames.take();
    const published = pushIt.channel("a").publish(1);
    const frame = await peer.frames.take();
    // It is about the heartbeat.
    peer.send({ message: "Too Many Requests", connectionId: "c", requestId: "r" });
    peer.answer(frame);
    await published;
  });
});

/** A heartbeat alone, and when it pinged. */
const make = (random = 0) => {
  const client = new FakeInternals();
  client.platform.random = random;
  const start = client.platform.now;
  const pings: number[] = [];
  const connection = new FakeConnection();
  const ping = () => void pings.push(client.platform.now - start);
  const heartbeat = new Heartbeat(client, { transport: undefined, ping }, new PingPayload(client, connection));
  return { platform: client.platform, heartbeat, pings };
};

describe("the heartbeat's interval", () => {
  it("is 9 minutes, less up to a tenth at random", () => {
    const latest = make(0);
    latest.heartbeat.start();
    latest.platform.advance(30 * MINUTE);
    expect(latest.pings).toEqual([9 * MINUTE, 18 * MINUTE, 27 * MINUTE]);

    const earliest = make(1);
    earliest.heartbeat.start();
    earliest.platform.advance(17 * MINUTE);
    expect(earliest.pings).toEqual([8.1 * MINUTE, 16.2 * MINUTE]);
  });

  it("starts with a new connection, and ends with it", () => {
    const { platform, heartbeat, pings } = make();
    heartbeat.start();
    platform.advance(5 * MINUTE);
    heartbeat.start();
    platform.advance(8 * MINUTE);
    expect(pings).toEqual([]);
    heartbeat.stop();
    platform.advance(30 * MINUTE);
    expect([pings, platform.timers]).toEqual([[], 0]);
  });
});

describe("after something was sent", () => {
  it("4 seconds of silence lead to a ping", () => {
    const { platform, heartbeat, pings } = make();
    heartbeat.sent();
    platform.advance(3_000);
    heartbeat.sent();
    platform.advance(999);
    expect(pings).toEqual([]);
    platform.advance(1);
    expect(pings).toEqual([4_000]);
  });

  it("any incoming frame is enough", () => {
    const { platform, heartbeat, pings } = make();
    heartbeat.sent();
    platform.advance(3_999);
    heartbeat.received();
    platform.advance(MINUTE);
    expect([pings, platform.timers]).toEqual([[], 0]);
  });
});
