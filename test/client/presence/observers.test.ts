import { arrived } from "../support/recorded.js";
import type { Peer } from "../support/scripted-server.js";
import { Bench, settled } from "../support/setup.js";

const bench = Bench.use();

/** The channels of all subscribe frames, and the names of all other frames. */
const sent = ({ frames }: Peer): unknown[] =>
  frames.all.map(({ action, data }) => (action === "subscribe" ? data!.channels : action));

const observed = { channel: "x", present: false };

describe("subscribe({ present: false })", () => {
  it("says so in the frame", async () => {
    const { pushIt, peer } = await bench.connected();
    await pushIt.channel("x").subscribe({ present: false });
    pushIt.subscribe("y", undefined, undefined, { present: false });
    await arrived(pushIt, peer);
    expect(sent(peer)).toEqual([[observed], [{ channel: "y", present: false }]]);
  });

  it("says so again after a reconnection", async () => {
    const { pushIt, peer, states } = await bench.connected();
    await pushIt.channel("x").subscribe({ present: false });
    peer.socket.terminate();
    await states.find(({ state }) => state === "connecting");
    bench.platform.advance(60_000);
    const next = await bench.server.peers.take();
    expect((await next.frames.take()).data).toEqual({ channels: [observed] });
  });

  it("makes a member as long as one handle wants that", async () => {
    const { pushIt, peer } = await bench.connected();
    const [list, badge] = [pushIt.channel("x"), pushIt.channel("x")];
    await badge.subscribe({ present: false });
    await list.subscribe();
    await list.unsubscribe();
    await arrived(pushIt, peer);
    expect(sent(peer)).toEqual([[observed], ["x"], [observed]]);
    await badge.subscribe();
    await arrived(pushIt, peer);
    expect(sent(peer).slice(3)).toEqual([["x"]]);
  });

  it("is one frame if both handles subscribe at once", async () => {
    const { pushIt, peer } = await bench.connected();
    await Promise.all([pushIt.channel("x").subscribe({ present: false }), pushIt.channel("x").subscribe()]);
    await arrived(pushIt, peer);
    expect(sent(peer)).toEqual([["x"]]);
  });

  it("emits `subscribed` only once", async () => {
    const { pushIt, peer } = await bench.connected();
    let times = 0;
    pushIt.on("subscribed", () => (times += 1));
    await pushIt.channel("x").subscribe({ present: false });
    await pushIt.channel("x").subscribe();
    await arrived(pushIt, peer);
    expect(times).toBe(1);
  });

  it("is sent when the wish changed while the request was under way", async () => {
    bench.server.automatic = false;
    const { pushIt, peer } = await bench.connected();
    const subscribed = [pushIt.channel("x").subscribe({ present: false })];
    const first = await peer.frames.take();
    subscribed.push(pushIt.channel("x").subscribe());
    await settled();
    peer.answer(first);
    const second = await peer.frames.take();
    expect(second.data).toEqual({ channels: ["x"] });
    peer.answer(second);
    await Promise.all(subscribed);
  });

  it("ends the pings for the channel", async () => {
    bench.server.automatic = false;
    const { pushIt, peer } = await bench.connected({ channels: ["x"] });
    const reply = { channel: "/meta/subscribe", successful: true };
    const first = await peer.frames.take();
    peer.send({ ...reply, uuid: first.uuid, data: { channel: "x", presenceIntervalMs: 40_000 } });
    await arrived(pushIt, peer);
    pushIt.subscribe("x", undefined, undefined, { present: false });
    const again = await peer.frames.take();
    peer.send({ ...reply, uuid: again.uuid, data: { channel: "x" } });
    await arrived(pushIt, peer);
    bench.platform.advance(40_000);
    await arrived(pushIt, peer);
    expect(peer.frames.waiting).toBe(0);
  });
});
