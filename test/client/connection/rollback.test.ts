import { arrived } from "../support/recorded.js";
import type { ClientFrame, Peer } from "../support/scripted-server.js";
import { Bench } from "../support/setup.js";

const bench = Bench.use();

describe("a server that was rolled back to a version without heartbeats", () => {
  const intervals = { presenceIntervalMs: 420_000, historyCheckIntervalMs: 420_000 };
  /** The share of an interval that passes: less half of a tenth. */
  const SHARE = 0.95;
  const position = { epoch: "e", offset: 1 };

  /** A member of a channel with presence and history, and its next heartbeat. */
  const beating = async () => {
    bench.server.heartbeats = true;
    bench.server.automatic = false;
    const { pushIt, peer, states } = await bench.connected({ channels: ["a"] });
    const subscribe = (uuid: string, data: object): void =>
      peer.send({ channel: "/meta/subscribe", uuid, successful: true, data: { channel: "a", position, ...data } });
    subscribe((await peer.frames.take()).uuid, intervals);
    await arrived(pushIt, peer);
    bench.platform.advance(SHARE * 420_000);
    const heartbeat = await peer.frames.take();
    expect(heartbeat).toMatchObject({ action: "heartbeat" });
    return { pushIt, peer, states, heartbeat, subscribe };
  };

  const refuse = (peer: Peer, { uuid }: ClientFrame): void =>
    peer.send({ channel: "/meta/error", uuid, successful: false, code: "unknown_action", error: "Unknown." });

  /** The server gets a ping with presence and positions, and a subscription. */
  const fellBack = async (peer: Peer): Promise<ClientFrame> => {
    const [ping, again] = [await peer.frames.take(), await peer.frames.take()];
    expect(ping).toMatchObject({ action: "ping", data: { presentChannels: ["a"], positions: { a: position } } });
    expect(again).toMatchObject({ action: "subscribe", data: { channels: [{ channel: "a", since: position }] } });
    peer.send({ channel: "/meta/ping", uuid: ping.uuid, successful: true, data: { agent: "agent" } });
    return again;
  };

  it("gets pings, and a subscription that asks for its intervals", async () => {
    const { pushIt, peer, heartbeat, subscribe } = await beating();
    refuse(peer, heartbeat);
    subscribe((await fellBack(peer)).uuid, { presenceIntervalMs: 60_000, recovered: true });
    await arrived(pushIt, peer);
    for (let round = 0; round < 2; round += 1) {
      bench.platform.advance(SHARE * 60_000);
      const next = await peer.frames.take();
      expect(next).toMatchObject({ action: "ping", data: { presentChannels: ["a"], positions: { a: position } } });
      peer.send({ channel: "/meta/ping", uuid: next.uuid, successful: true, data: { agent: "agent" } });
      await arrived(pushIt, peer);
    }
    expect([pushIt.state, peer.frames.waiting]).toEqual(["connected", 0]);
  });

  it("is noticed by the reply to a ping, too", async () => {
    const { pushIt, peer, subscribe } = await beating();
    pushIt.publish({ channel: "b", data: 1 }, () => {});
    await peer.frames.take();
    bench.platform.advance(4_000);
    const { uuid } = await peer.frames.take();
    peer.send({ channel: "/meta/ping", uuid, successful: true, data: { agent: "agent" } });
    const again = await peer.frames.take();
    expect(again).toMatchObject({ action: "subscribe" });
    subscribe(again.uuid, { presenceIntervalMs: 60_000, recovered: true });
    await arrived(pushIt, peer);
    bench.platform.advance(SHARE * 60_000);
    expect(await peer.frames.take()).toMatchObject({ action: "ping" });
  });

  it("gets heartbeats again after the next update", async () => {
    const { pushIt, peer, heartbeat, subscribe } = await beating();
    refuse(peer, heartbeat);
    subscribe((await fellBack(peer)).uuid, { presenceIntervalMs: 60_000, recovered: true });
    await arrived(pushIt, peer);
    bench.platform.advance(SHARE * 60_000);
    const { uuid } = await peer.frames.take();
    peer.send({ channel: "/meta/ping", uuid, successful: true, data: { agent: "agent", heartbeats: true } });
    await arrived(pushIt, peer);
    bench.platform.advance(SHARE * 60_000);
    expect(await peer.frames.take()).toMatchObject({ action: "heartbeat" });
  });
});
