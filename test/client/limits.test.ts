import type { ConnectionInfo } from "../../protocol/index.js";
import { Mailbox } from "./support/mailbox.js";
import { arrived, reconnected, targets } from "./support/recorded.js";
import type { Peer } from "./support/scripted-server.js";
import { Bench, introduced } from "./support/setup.js";

const bench = Bench.use();

/** Answers the ping that follows the handshake, with the limits of a deployment. */
const introduce = async (peer: Peer, limits: { channelsPerFrame: number; messagesPerFrame: number }): Promise<void> =>
  peer.answer(await peer.introduction, {
    successful: true,
    data: { agent: "agent", limits } as unknown as ConnectionInfo & null,
  });

const TOO_MANY = { successful: false, code: "too_many" as const, error: "At most 3 in one frame." };

/** Answers frames as a server that takes three at once does, until `done`. Gives how many each frame had. */
const answering = async (peer: Peer, isDone: () => boolean): Promise<number[]> => {
  const sizes: number[] = [];
  while (!isDone()) {
    const frame = await peer.frames.take();
    const size = frame.data?.channels?.length ?? frame.messages?.length ?? 1;
    sizes.push(size);
    peer.answer(frame, size > 3 ? TOO_MANY : { successful: true });
    await new Promise((resolve) => setImmediate(resolve));
    if (!peer.frames.waiting) await new Promise((resolve) => setTimeout(resolve, 5));
  }
  return sizes;
};

describe("limits in a ping's reply", () => {
  it("are obeyed from then on", async () => {
    bench.server.introduces = false;
    bench.server.automatic = false;
    const { pushIt, peer } = await bench.connected();
    await introduce(peer, { channelsPerFrame: 3, messagesPerFrame: 2 });
    await introduced(pushIt);
    for (let n = 0; n < 7; n++) pushIt.subscribe(`c${n}`);
    const frames = [await peer.frames.take(), await peer.frames.take(), await peer.frames.take()];
    expect(frames.map((frame) => targets(frame).length)).toEqual([3, 3, 1]);
    const published = Promise.all([1, 2, 3].map((n) => pushIt.channel("a").publish(n)));
    const first = await peer.frames.take();
    expect(first.messages!.map(({ data }) => data)).toEqual([1, 2]);
    peer.answer(first);
    const second = await peer.frames.take();
    expect(second).toMatchObject({ data: 3 });
    peer.answer(second);
    await published;
  });

  it("are obeyed on the next connection, before its ping has a reply", async () => {
    bench.server.introduces = false;
    bench.server.automatic = false;
    const { pushIt, peer } = await bench.connected();
    await introduce(peer, { channelsPerFrame: 3, messagesPerFrame: 3 });
    await introduced(pushIt);
    for (let n = 0; n < 5; n++) pushIt.subscribe(`c${n}`);
    for (let left = 5; left > 0;) {
      const frame = await peer.frames.take();
      left -= targets(frame).length;
      peer.answer(frame);
    }
    await arrived(pushIt, peer);
    const next = await reconnected(bench, pushIt, peer);
    const frames = [await next.frames.take(), await next.frames.take()];
    expect(frames.map((frame) => targets(frame).length)).toEqual([3, 2]);
  });
});

describe("a frame with too many, before the limits are known", () => {
  it("is split until all channels are subscribed", async () => {
    bench.server.introduces = false;
    bench.server.automatic = false;
    const channels = ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j"];
    const { pushIt, peer } = await bench.connected({ channels });
    const subscribed = new Mailbox<string>();
    const unsubscribed = jest.fn();
    pushIt.on("subscribed", ({ channel }) => subscribed.put(channel));
    pushIt.on("unsubscribed", unsubscribed);
    const sizes = await answering(peer, () => subscribed.all.length === channels.length);
    expect([...subscribed.all].sort()).toEqual(channels);
    expect(sizes[0]).toBe(10);
    expect(Math.max(...sizes.slice(-4))).toBeLessThanOrEqual(3);
    expect(unsubscribed).not.toHaveBeenCalled();
  });

  it("is split until all messages are published, in order", async () => {
    bench.server.introduces = false;
    bench.server.automatic = false;
    const { pushIt, peer } = await bench.connected();
    const done = new Mailbox<unknown>();
    for (let n = 1; n <= 5; n++) pushIt.publish({ channel: "x", data: n }, done.put, done.put);
    await answering(peer, () => done.all.length === 5);
    expect(done.all).toEqual(Array(5).fill({ uuid: expect.any(String) }));
    const accepted = peer.frames.all
      .map((frame) => frame.messages ?? [frame])
      .filter((messages) => messages.length <= 3);
    expect(accepted.flat().map(({ data }) => data)).toEqual([1, 2, 3, 4, 5]);
  });
});
