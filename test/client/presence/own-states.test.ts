import { arrived } from "../support/recorded.js";
import type { ClientFrame, Peer } from "../support/scripted-server.js";
import { Bench, settled } from "../support/setup.js";

const bench = Bench.use();

const subscribed = (peer: Peer, { uuid, data }: ClientFrame, more: object = { presenceIntervalMs: 40_000 }): void =>
  peer.send(
    ...data!.channels!.map((target: string | { channel: string }) => ({
      channel: "/meta/subscribe",
      uuid,
      successful: true,
      data: { channel: typeof target === "string" ? target : target.channel, ...more },
    })),
  );

/** A client that is a member of a channel. */
const member = async () => {
  bench.server.automatic = false;
  const { pushIt, peer, states } = await bench.connected();
  const room = pushIt.channel("a");
  const ready = room.subscribe();
  subscribed(peer, await peer.frames.take());
  await ready;
  return { pushIt, peer, states, room };
};

describe("presence.set(state)", () => {
  it("sends the state, and is fulfilled by the reply", async () => {
    const { peer, room } = await member();
    const set = room.presence.set({ typing: true });
    const frame = await peer.frames.take();
    expect(frame).toMatchObject({
      action: "state",
      channel: "/meta/presence",
      data: { channel: "a", state: { typing: true } },
    });
    peer.answer(frame);
    await set;
    const removed = room.presence.set();
    const next = await peer.frames.take();
    expect(next.data).toEqual({ channel: "a", state: null });
    peer.answer(next);
    await removed;
  });

  it("waits for the reply to the subscription", async () => {
    bench.server.automatic = false;
    const { pushIt, peer } = await bench.connected();
    const room = pushIt.channel("a");
    void room.subscribe();
    const set = room.presence.set("here");
    const first = await peer.frames.take();
    await settled();
    expect(peer.frames.waiting).toBe(0);
    subscribed(peer, first);
    peer.answer(await peer.frames.take());
    await set;
  });

  it("sends only the last of several states", async () => {
    const { peer, room } = await member();
    const sets = [1, 2, 3].map((state) => room.presence.set(state));
    const first = await peer.frames.take();
    expect(first.data).toMatchObject({ state: 1 });
    await settled();
    expect(peer.frames.waiting).toBe(0);
    peer.answer(first);
    const last = await peer.frames.take();
    expect(last.data).toMatchObject({ state: 3 });
    peer.answer(last);
    await Promise.all(sets);
  });

  it("sends a state again that came too fast", async () => {
    const { pushIt, peer, room } = await member();
    const set = room.presence.set("late");
    peer.answer(await peer.frames.take(), { successful: false, code: "rate_limited", error: "Later." });
    await arrived(pushIt, peer);
    bench.platform.advance(1_000);
    const again = await peer.frames.take();
    expect(again.data).toMatchObject({ state: "late" });
    peer.answer(again);
    await set;
  });

  it("rejects a denied state, and does not send it again", async () => {
    const { pushIt, peer, room } = await member();
    const denied = expect(room.presence.set("no")).rejects.toMatchObject({ code: "denied", message: "No." });
    peer.answer(await peer.frames.take(), { successful: false, code: "denied", error: "No." });
    await denied;
    await resubscribe(peer);
    await arrived(pushIt, peer);
    expect(peer.frames.waiting).toBe(0);
  });

  it("rejects on a channel without a subscription, and for an observer", async () => {
    const { pushIt, peer } = await member();
    await expect(pushIt.channel("b").presence.set(1)).rejects.toMatchObject({ code: "no_presence", channel: "b" });
    const other = pushIt.channel("c");
    void other.subscribe({ present: false });
    const refused = expect(other.presence.set(1)).rejects.toMatchObject({ code: "no_presence" });
    subscribed(peer, await peer.frames.take(), {});
    await refused;
  });

  /** The server counts the client as absent: it subscribes again. */
  const resubscribe = async (peer: Peer): Promise<void> => {
    bench.platform.advance(40_000);
    const { uuid } = await peer.frames.take();
    peer.send({ channel: "/meta/ping", uuid, successful: true, data: { absentChannels: ["a"] } });
    subscribed(peer, await peer.frames.take());
  };

  const isSet = async (peer: Peer, state: unknown): Promise<void> => {
    const frame = await peer.frames.take();
    expect(frame).toMatchObject({ action: "state", data: { state } });
    peer.answer(frame);
  };

  /** A member whose state the server has accepted: "here". */
  const memberWithState = async () => {
    const client = await member();
    const set = client.room.presence.set("here");
    await isSet(client.peer, "here");
    await set;
    return client;
  };

  it("sets the state again when the server counted the client as absent", async () => {
    const { peer } = await memberWithState();
    await resubscribe(peer);
    await isSet(peer, "here");
  });

  it("sets the state again after a reconnection", async () => {
    const { peer, states } = await memberWithState();
    peer.socket.terminate();
    await states.find(({ state }) => state === "connecting");
    bench.platform.advance(60_000);
    const next = await bench.server.peers.take();
    subscribed(next, await next.frames.take());
    await isSet(next, "here");
  });

  it("sets the last accepted state again, after the server has denied another", async () => {
    const { peer, room } = await memberWithState();
    const denied = expect(room.presence.set("no")).rejects.toMatchObject({ code: "denied" });
    peer.answer(await peer.frames.take(), { successful: false, code: "denied", error: "No." });
    await denied;
    await resubscribe(peer);
    await isSet(peer, "here");
  });

  it("forgets an accepted state that the server denies later", async () => {
    const { pushIt, peer } = await memberWithState();
    await resubscribe(peer);
    peer.answer(await peer.frames.take(), { successful: false, code: "denied", error: "Not any more." });
    await arrived(pushIt, peer);
    await resubscribe(peer);
    await arrived(pushIt, peer);
    expect(peer.frames.waiting).toBe(0);
  });

  it("forgets the state when the client leaves the channel", async () => {
    const { pushIt, peer, room } = await memberWithState();
    const left = room.unsubscribe();
    peer.answer(await peer.frames.take());
    await left;
    const back = room.subscribe();
    subscribed(peer, await peer.frames.take());
    await back;
    await arrived(pushIt, peer);
    expect(peer.frames.waiting).toBe(0);
  });

  it("rejects a state of an observer, and on a channel without presence", async () => {
    bench.server.automatic = false;
    const { pushIt, peer } = await bench.connected();
    for (const present of [false, true]) {
      const room = pushIt.channel(present ? "plain" : "observed");
      const ready = room.subscribe({ present });
      subscribed(peer, await peer.frames.take(), {});
      await ready;
      await expect(room.presence.set(1)).rejects.toMatchObject({ code: "no_presence" });
    }
  });

  it("retries a state that could not be set again", async () => {
    const { pushIt, peer } = await memberWithState();
    await resubscribe(peer);
    peer.answer(await peer.frames.take(), { successful: false, code: "unavailable", error: "Later." });
    await arrived(pushIt, peer);
    bench.platform.advance(30_000);
    await isSet(peer, "here");
  });

  it("reports a state that is denied when it is set again", async () => {
    const { pushIt, peer } = await memberWithState();
    const reported = new Promise((resolve) => pushIt.on("error", resolve));
    await resubscribe(peer);
    peer.answer(await peer.frames.take(), { successful: false, code: "denied", error: "No." });
    expect(await reported).toMatchObject({ code: "denied", channel: "a" });
    await resubscribe(peer);
    await arrived(pushIt, peer);
    expect(peer.frames.waiting).toBe(0);
  });
});
