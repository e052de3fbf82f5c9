import { PushItError } from "push-it-client";
import { Mailbox } from "./support/mailbox.js";
import { arrived } from "./support/recorded.js";
import { Bench, settled } from "./support/setup.js";

const bench = Bench.use();

describe("promises", () => {
  it("settle with the reply", async () => {
    bench.server.automatic = false;
    const { pushIt, peer } = await bench.connected();
    const channel = pushIt.channel("stories/5");
    const subscribed = channel.subscribe();
    peer.answer(await peer.frames.take());
    await expect(subscribed).resolves.toBeUndefined();

    const published = channel.publish({ title: "One" }, { echo: false });
    const frame = await peer.frames.take();
    expect(frame).toMatchObject({ action: "publish", channel: "stories/5", data: { title: "One" }, echo: false });
    peer.answer(frame, { successful: true, data: "stored" });
    await expect(published).resolves.toEqual({ uuid: frame.uuid, result: "stored" });

    const denied = channel.unsubscribe();
    peer.answer(await peer.frames.take(), { successful: false, error: "No.", code: "denied" });
    await expect(denied).rejects.toBeInstanceOf(PushItError);
  });

  it("reject with the timeout if no reply arrives", async () => {
    bench.server.automatic = false;
    const { pushIt, peer } = await bench.connected({ suspectAfter: Infinity });
    const published = pushIt.channel("a").publish(1);
    await peer.frames.take();
    bench.platform.advance(30_000);
    await expect(published).rejects.toMatchObject({ code: "timeout", retryable: true });
  });
});

describe("listeners", () => {
  it("receive only from their channel, until they are removed", async () => {
    const { pushIt, peer } = await bench.connected();
    const five = new Mailbox<unknown>();
    const all = new Mailbox<string>();
    const remove = pushIt.channel("stories/5").on("message", ({ data }) => five.put(data));
    pushIt.channel("stories/*").on("message", ({ channel }) => all.put(channel));
    peer.send(
      { channel: "stories/5", uuid: "u1", data: 1 },
      { channel: "stories/5/comments", uuid: "u2", data: 2 },
      { channel: "storiesque/5", uuid: "u3", data: 3 },
    );
    expect([await all.take(), await all.take()]).toEqual(["stories/5", "stories/5/comments"]);
    remove();
    peer.send({ channel: "stories/5", uuid: "u4", data: 4 });
    await all.take();
    await settled();
    expect(five.all).toEqual([1]);
    expect(all.waiting).toBe(0);
  });

  it("receive that the channel is subscribed, also after a reconnection", async () => {
    const { pushIt, states, peer } = await bench.connected();
    const subscribed = new Mailbox<{ channel: string }>();
    const channel = pushIt.channel("stories/5");
    const wildcard = jest.fn();
    channel.on("subscribed", subscribed.put);
    pushIt.channel("stories/*").on("subscribed", wildcard);
    await channel.subscribe();
    await subscribed.take();
    peer.socket.terminate();
    await states.find(({ code }) => code === "closed");
    bench.platform.advance(1_000);
    expect(await subscribed.take()).toEqual({ channel: "stories/5" });
    // A wildcard is a subscription of its own.
    expect(wildcard).not.toHaveBeenCalled();
  });

  it("of the error event receive errors of their channel", async () => {
    const { pushIt } = await bench.connected();
    const errors = new Mailbox<PushItError>();
    const other = jest.fn();
    pushIt.channel("a").on("error", errors.put);
    pushIt.channel("b").on("error", other);
    pushIt.publish({ channel: "a", data: "x".repeat(40_000) });
    expect(await errors.take()).toMatchObject({ code: "too_large", channel: "a" });
    expect(other).not.toHaveBeenCalled();
  });

  it("that are added at each reconnection add up", async () => {
    const { pushIt, states, peer } = await bench.connected();
    const channel = pushIt.channel("a");
    const show = jest.fn();
    const onState = (): void => void channel.on("message", show);
    onState();
    pushIt.on("state", ({ state }) => state === "connected" && onState());
    peer.socket.terminate();
    await states.find(({ code }) => code === "closed");
    bench.platform.advance(1_000);
    const next = await bench.server.peers.take();
    await states.find(({ state }) => state === "connected");
    next.send({ channel: "a", uuid: "u1", data: 1 });
    await arrived(pushIt, next);
    // It is the application that adds a second one; each is removed by what `on` returned.
    expect(show).toHaveBeenCalledTimes(2);
  });

  it("that are added once receive once, over any number of reconnections", async () => {
    const { pushIt, states, peer } = await bench.connected();
    const channel = pushIt.channel("a");
    const show = jest.fn();
    channel.on("message", show);
    await channel.subscribe();
    let last = peer;
    for (let n = 0; n < 5; n++) {
      last.socket.terminate();
      await states.find(({ code }) => code === "closed");
      bench.platform.advance(30_000);
      last = await bench.server.peers.take();
      await states.find(({ state }) => state === "connected");
      await arrived(pushIt, last);
    }
    last.send({ channel: "a", uuid: "u1", data: 1 });
    await arrived(pushIt, last);
    expect(show).toHaveBeenCalledTimes(1);
  });
});

describe("for await", () => {
  it("subscribes, yields the messages in order, and can be left", async () => {
    const { pushIt, peer } = await bench.connected();
    const received: unknown[] = [];
    const loop = (async () => {
      for await (const { data } of pushIt.channel<number>("a")) {
        received.push(data);
        if (data === 3) break;
      }
    })();
    expect(await peer.frames.take()).toMatchObject({ action: "subscribe", data: { channels: ["a"] } });
    peer.send({ channel: "a", uuid: "u1", data: 1 }, { channel: "a", uuid: "u2", data: 2 });
    peer.send({ channel: "b", uuid: "u3", data: 99 });
    peer.send({ channel: "a", uuid: "u4", data: 3 }, { channel: "a", uuid: "u5", data: 4 });
    await loop;
    expect(received).toEqual([1, 2, 3]);
    // Leaving the loop leaves the subscription.
    await pushIt.channel("a").publish(1);
    expect(peer.frames.all.map(({ action }) => action)).toEqual(["subscribe", "publish"]);
  });

  it("removes its listeners when it is left", async () => {
    const { pushIt, peer } = await bench.connected();
    const channel = pushIt.channel("a");
    const added = jest.fn();
    const removed = jest.fn();
    const on = channel.on.bind(channel);
    jest.spyOn(channel, "on").mockImplementation((event, listener) => {
      const remove = on(event, listener);
      added();
      return () => {
        removed();
        remove();
      };
    });
    const iterator = channel[Symbol.asyncIterator]();
    const first = iterator.next();
    await peer.frames.take();
    peer.send({ channel: "a", uuid: "u1", data: 1 });
    await first;
    await iterator.return(undefined);
    expect(added.mock.calls.length).toBeGreaterThan(0);
    expect(removed).toHaveBeenCalledTimes(added.mock.calls.length);
  });

  it("ends after earlier messages when its object unsubscribes", async () => {
    const { pushIt, peer } = await bench.connected();
    const channel = pushIt.channel("a");
    const received: unknown[] = [];
    const loop = (async () => {
      for await (const { data } of channel) received.push(data);
    })();
    await peer.frames.take();
    peer.send({ channel: "a", uuid: "u1", data: 1 });
    await channel.unsubscribe();
    await loop;
    expect(received).toEqual([1]);
  });

  it("throws a denial, the first time and after a reconnection", async () => {
    bench.server.automatic = false;
    const { pushIt, states, peer } = await bench.connected();
    pushIt.on("error", () => {});
    const iterate = async (name: string): Promise<void> => {
      for await (const message of pushIt.channel(name)) throw new Error(`unexpected ${message.uuid}`);
    };
    const first = iterate("a");
    peer.answer(await peer.frames.take(), { successful: false, error: "No.", code: "denied" });
    await expect(first).rejects.toMatchObject({ code: "denied", message: "No." });

    const second = iterate("b");
    peer.answer(await peer.frames.take());
    peer.socket.terminate();
    await states.find(({ code }) => code === "closed");
    bench.platform.advance(1_000);
    const next = await bench.server.peers.take();
    next.answer(await next.frames.take(), { successful: false, error: "Not any more.", code: "denied" });
    await expect(second).rejects.toMatchObject({ code: "denied", message: "Not any more." });
  });

  it("continues after a reconnection", async () => {
    const { pushIt, states, peer } = await bench.connected();
    const iterator = pushIt.channel<number>("a")[Symbol.asyncIterator]();
    const first = iterator.next();
    await peer.frames.take();
    peer.send({ channel: "a", uuid: "u1", data: 1 });
    expect((await first).value).toMatchObject({ data: 1 });
    peer.socket.terminate();
    await states.find(({ code }) => code === "closed");
    bench.platform.advance(1_000);
    const next = await bench.server.peers.take();
    await next.frames.take();
    next.send({ channel: "a", uuid: "u2", data: 2 });
    expect((await iterator.next()).value).toMatchObject({ data: 2 });
    await iterator.return(undefined);
  });

  it("continues after a retryable error", async () => {
    bench.server.automatic = false;
    const { pushIt, peer } = await bench.connected();
    const iterator = pushIt.channel<number>("a")[Symbol.asyncIterator]();
    const first = iterator.next();
    peer.answer(await peer.frames.take(), { successful: false, code: "guard_timeout", error: "Slow." });
    await arrived(pushIt, peer);
    bench.platform.advance(15_000);
    peer.answer(await peer.frames.find(({ action }) => action === "subscribe"));
    peer.send({ channel: "a", uuid: "u1", data: 1 });
    expect((await first).value).toMatchObject({ data: 1 });
    await iterator.return(undefined);
  });
});
