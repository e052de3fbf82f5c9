import WebSocket from "ws";
import type { PushItError } from "push-it-client";
import { Mailbox } from "../support/mailbox.js";
import { arrived, at, hearing, numbered, reconnected, replay, replayed, subscribed, targets } from "../support/recorded.js";
import { Bench, settled } from "../support/setup.js";

const bench = Bench.use();
const QUIET = { checkInterval: 1e12, pingInterval: 1e12 };
const numbers = (heard: unknown[]): unknown[] => heard.filter((data) => typeof data === "number");

it("tells the newest message of a channel that has its latest value from its history, with a position to store", async () => {
  bench.server.automatic = false;
  const { pushIt, peer } = await bench.connected({ channels: ["a"], ...QUIET });
  const heard: unknown[] = [];
  pushIt.on("message", ({ data, epoch, offset }) => heard.push({ data, epoch, offset }));
  replay(peer, await peer.frames.take(), { position: at(9), messages: replayed(7), historyCheckIntervalMs: 30_000 });
  await arrived(pushIt, peer);
  peer.send(numbered(10));
  await arrived(pushIt, peer);
  expect(heard.filter((each) => (each as { offset?: number }).offset)).toEqual([7, 10].map((data) => ({ data, ...at(data) })));
  expect(pushIt.channel("a").position).toEqual(at(10));
});

describe("an answer that does not begin where the client is", () => {
  it("is followed by a question, where `since` came while the subscription was under way", async () => {
    bench.server.automatic = false;
    const { pushIt, peer } = await bench.connected({ channels: ["a"], ...QUIET });
    const heard = hearing(pushIt);
    const frame = await peer.frames.take();
    pushIt.channel("a").subscribe({ since: at(3) }).catch(() => undefined);
    replay(peer, frame, { position: at(5), historyCheckIntervalMs: 30_000 });
    await arrived(pushIt, peer);
    bench.platform.advance(2_000);
    const question = await peer.frames.take();
    expect(question).toMatchObject({ action: "history", data: { channel: "a", since: at(3) } });
    replay(peer, question, { position: at(5), messages: replayed(4, 5), recovered: true });
    await arrived(pushIt, peer);
    expect(numbers(heard)).toEqual([4, 5]);
  });

  it("is followed by a question, where another channel's guard subscribes it after a loss", async () => {
    bench.server.automatic = false;
    const { pushIt, peer } = await bench.connected({ channels: ["b"], ...QUIET });
    const heard = hearing(pushIt);
    const guarded = (uuid: string, offset: number) => [
      { channel: "/meta/subscribe", uuid, successful: true, data: { channel: "b" } },
      { channel: "/meta/subscribe", uuid, successful: true, data: { channel: "a", position: at(offset), historyCheckIntervalMs: 30_000 } },
    ];
    peer.send(...guarded((await peer.frames.take()).uuid, 10), numbered(11));
    await arrived(pushIt, peer);
    const next = await reconnected(bench, peer);
    next.send(...guarded((await next.frames.take()).uuid, 13));
    await arrived(pushIt, next);
    bench.platform.advance(2_000);
    const question = await next.frames.take();
    expect(question.data).toEqual({ channel: "a", since: at(11) });
    replay(next, question, { position: at(13), messages: replayed(12, 13), recovered: true });
    await arrived(pushIt, next);
    expect(numbers(heard)).toEqual([11, 12, 13]);
  });

  it("is followed by a question where the next offset is pending", async () => {
    bench.server.automatic = false;
    const { pushIt, peer } = await bench.connected({ channels: ["a"], since: { a: at(10) }, ...QUIET });
    replay(peer, await peer.frames.take(), { position: at(10), recovered: true, pendingMs: 4_500, historyCheckIntervalMs: 30_000 });
    await arrived(pushIt, peer);
    bench.platform.advance(4_499);
    await arrived(pushIt, peer);
    expect(peer.frames.waiting).toBe(0);
    bench.platform.advance(2_001);
    expect((await peer.frames.take()).data).toEqual({ channel: "a", since: at(10) });
  });
});

describe("who unsubscribes and subscribes", () => {
  it("begins anew, in order, also before the first is answered", async () => {
    const { pushIt, peer, heard } = await subscribed(bench, QUIET);
    pushIt.unsubscribe("a");
    const gone = await peer.frames.take();
    pushIt.subscribe("a");
    peer.answer(gone);
    const frame = await peer.frames.take();
    expect(targets(frame)).toEqual([{ channel: "a" }]);
    peer.send(numbered(14));
    replay(peer, frame, { position: at(13), historyCheckIntervalMs: 30_000 });
    await arrived(pushIt, peer);
    expect(numbers(heard)).toEqual([14]);
  });

  it("begins where it says", async () => {
    const { pushIt, peer } = await subscribed(bench, QUIET);
    const channel = pushIt.channel("a");
    const again = channel.unsubscribe().then(() => channel.subscribe({ since: at(3) }));
    again.catch(() => undefined);
    peer.answer(await peer.frames.take());
    expect(targets(await peer.frames.take())).toEqual([{ channel: "a", since: at(3) }]);
  });
});

describe("publishing again", () => {
  it("ends where the process slept for longer than the server remembers", async () => {
    const { pushIt, peer } = await subscribed(bench, QUIET);
    const errors = new Mailbox<PushItError>();
    pushIt.publish({ channel: "a", data: 1 }, errors.put);
    await peer.frames.take();
    const publications = (): number => peer.frames.all.filter(({ action }) => action === "publish").length;
    const before = publications();
    bench.platform.sleep(3_600_000);
    for (let looks = 0; looks < 20 && !errors.waiting; looks += 1) {
      bench.platform.advance(1_000);
      await settled();
    }
    expect(errors.waiting).toBe(1);
    expect(publications()).toBe(before);
  });

  it("ends where the process slept for longer while it waited for another connection", async () => {
    let offline = false;
    class Socket extends WebSocket {
      constructor(url: string, protocols: string[]) {
        if (offline) throw new Error("there is no network");
        super(url, protocols);
      }
    }
    const { pushIt, peer } = await subscribed(bench, { ...QUIET, WebSocket: Socket });
    const errors = new Mailbox<PushItError>();
    pushIt.publish({ channel: "a", data: 1 }, errors.put);
    await peer.frames.take();
    offline = true;
    peer.socket.terminate();
    while (pushIt.state === "connected") await settled();
    // It is queued again by now; then the lid is closed, and opened where there is a network.
    bench.platform.advance(15_000);
    offline = false;
    bench.platform.sleep(3_600_000);
    const next = await bench.server.peers.take();
    for (let looks = 0; looks < 20 && !errors.waiting; looks += 1) {
      await settled();
      bench.platform.advance(100);
    }
    expect(errors.waiting).toBe(1);
    expect(next.frames.all.filter(({ action }) => action === "publish")).toEqual([]);
  });

  it("goes on where the repetition comes too fast", async () => {
    const { pushIt, peer } = await subscribed(bench, QUIET);
    const errors = new Mailbox<PushItError>();
    pushIt.publish({ channel: "a", data: 1 }, errors.put);
    for (const code of ["unavailable", "rate_limited"] as const) {
      const { uuid } = await peer.frames.take();
      peer.send({ channel: "/meta/error", uuid, successful: false, code, error: "Busy." });
      await arrived(pushIt, peer);
      bench.platform.advance(10_000);
    }
    expect(await peer.frames.take()).toMatchObject({ action: "publish", data: 1 });
    expect(errors.waiting).toBe(0);
  });
});

describe("presence", () => {
  const attending = async (channels: string[], options = {}) => {
    bench.server.automatic = false;
    const { pushIt, peer } = await bench.connected({ channels, ...options });
    for (let left = channels.length; left > 0; ) {
      const { uuid, data } = await peer.frames.take();
      const names = data!.channels!;
      peer.send(...names.map((channel) => ({ channel: "/meta/subscribe", uuid, successful: true, data: { channel, presenceIntervalMs: 60_000 } })));
      left -= names.length;
    }
    await arrived(pushIt, peer);
    return { pushIt, peer };
  };

  it("does not bring back a channel that the application has left", async () => {
    const { pushIt, peer } = await attending(["a"]);
    bench.platform.advance(60_000);
    const { uuid } = await peer.frames.take();
    pushIt.unsubscribe("a");
    peer.answer(await peer.frames.take());
    peer.send({ channel: "/meta/ping", uuid, successful: true, data: { absentChannels: ["a"] } });
    await arrived(pushIt, peer);
    expect(peer.frames.waiting).toBe(0);
    // What had been sent before would come before.
    pushIt.publish({ channel: "b", data: 1 });
    expect((await peer.frames.take()).action).toBe("publish");
  });

  it("is said of each channel in time, however many there are", async () => {
    const { pushIt, peer } = await attending(Array.from({ length: 150 }, (_, at) => `a${at}`));
    bench.platform.advance(30_000);
    peer.answer(await peer.frames.take());
    await arrived(pushIt, peer);
    bench.platform.advance(30_000);
    const { data } = await peer.frames.take();
    expect((data as unknown as { presentChannels: string[] }).presentChannels).toContain("a149");
  });

  it("is not said of what a hand-over has not moved yet", async () => {
    await attending(["a"], { connectionLifetime: 50_000 });
    bench.platform.advance(48_500);
    const next = await bench.server.peers.take();
    const ping = await next.frames.find(({ action }) => action === "ping");
    expect(ping.data).toBeUndefined();
    await settled();
  });
});
