import { PushItError } from "push-it-client";
import { Mailbox } from "./support/mailbox.js";
import { arrived, collectMessages } from "./support/recorded.js";
import type { Peer } from "./support/scripted-server.js";
import { Bench, settled } from "./support/setup.js";

const bench = Bench.use();

const actions = ({ frames }: Peer): string[] => frames.all.map(({ action }) => action);

/** The unhandled rejections while `run` runs. */
const unhandled = async (run: () => Promise<void>): Promise<unknown[]> => {
  const rejections: unknown[] = [];
  const note = (reason: unknown): void => void rejections.push(reason);
  process.on("unhandledRejection", note);
  await run();
  // Node reports them when the microtasks have run.
  await settled();
  await settled();
  process.off("unhandledRejection", note);
  return rejections;
};

describe("two parts of a page on one channel", () => {
  it("do not end each other's subscription", async () => {
    const { pushIt, peer } = await bench.connected();
    const [list, badge] = [pushIt.channel("x"), pushIt.channel("x")];
    const received: unknown[] = [];
    badge.on("message", ({ data }) => received.push(data));
    await list.subscribe();
    await badge.subscribe();
    await list.unsubscribe();
    peer.send({ channel: "x", uuid: "u1", data: "still here" });
    await arrived(pushIt, peer);
    expect(received).toEqual(["still here"]);
    expect(actions(peer)).toEqual(["subscribe"]);
    await badge.unsubscribe();
    expect(actions(peer)).toEqual(["subscribe", "unsubscribe"]);
  });

  it("end only their own loops", async () => {
    const { pushIt, peer } = await bench.connected();
    const [one, other] = [pushIt.channel<number>("x"), pushIt.channel<number>("x")];
    const collect = async (channel: typeof one): Promise<number[]> => {
      const received: number[] = [];
      for await (const { data } of channel) received.push(data);
      return received;
    };
    const [first, second] = [collect(one), collect(other)];
    await peer.frames.take();
    await arrived(pushIt, peer);
    peer.send({ channel: "x", uuid: "u1", data: 1 });
    await arrived(pushIt, peer);
    await one.unsubscribe();
    expect(await first).toEqual([1]);
    peer.send({ channel: "x", uuid: "u2", data: 2 });
    await arrived(pushIt, peer);
    await other.unsubscribe();
    expect(await second).toEqual([1, 2]);
  });

  it("receive unsubscribed only when the last one has left", async () => {
    const { pushIt } = await bench.connected();
    const [one, other] = [pushIt.channel("x"), pushIt.channel("x")];
    const ended = new Mailbox<object>();
    pushIt.on("unsubscribed", ended.put);
    await Promise.all([one.subscribe(), other.subscribe()]);
    await one.unsubscribe();
    await settled();
    expect(ended.waiting).toBe(0);
    await other.unsubscribe();
    expect(await ended.take()).toEqual({ channel: "x" });
  });

  it("both lose a channel that the guard denies", async () => {
    bench.server.automatic = false;
    const { pushIt, peer } = await bench.connected();
    pushIt.on("unsubscribed", () => {});
    const refused = [pushIt.channel("x"), pushIt.channel("x")].map((channel) =>
      expect(channel.subscribe()).rejects.toMatchObject({ code: "denied" }),
    );
    peer.answer(await peer.frames.take(), { successful: false, code: "denied", error: "No." });
    await Promise.all(refused);
    await arrived(pushIt, peer);
    expect(actions(peer)).toEqual(["subscribe"]);
  });

  it("are one holder each, however often they subscribe", async () => {
    const { pushIt, peer } = await bench.connected();
    const channel = pushIt.channel("x");
    await channel.subscribe();
    await channel.subscribe();
    await channel.unsubscribe();
    expect(actions(peer)).toEqual(["subscribe", "unsubscribe"]);
  });
});

describe("callbacks and channel objects", () => {
  it("hold one channel separately", async () => {
    const { pushIt, peer } = await bench.connected();
    const channel = pushIt.channel("x");
    pushIt.subscribe("x");
    await channel.subscribe();
    const done = new Mailbox<unknown>();
    pushIt.unsubscribe("x", done.put, done.put);
    expect(await done.take()).toBe("x");
    expect(actions(peer)).toEqual(["subscribe"]);
    await channel.unsubscribe();
    expect(actions(peer)).toEqual(["subscribe", "unsubscribe"]);
  });

  it("an object that never subscribed ends the option's subscription", async () => {
    const { pushIt, peer } = await bench.connected({ channels: ["x"] });
    await peer.frames.take();
    await pushIt.channel("x").unsubscribe();
    expect(actions(peer)).toEqual(["subscribe", "unsubscribe"]);
  });

  it("an object that never subscribed does not end another's subscription", async () => {
    const { pushIt, peer } = await bench.connected();
    await pushIt.channel("x").subscribe();
    await pushIt.channel("x").unsubscribe();
    expect(actions(peer)).toEqual(["subscribe"]);
  });

  it("see the same channel", async () => {
    const { pushIt, peer } = await bench.connected();
    const all = collectMessages(pushIt);
    const received: unknown[] = [];
    const channel = pushIt.channel("x");
    channel.on("message", ({ data }) => received.push(data));
    await channel.subscribe();
    peer.send({ channel: "x", uuid: "u1", data: 1 });
    await arrived(pushIt, peer);
    expect([all[0], received]).toEqual([1, [1]]);
  });

  it("unsubscribing from a guard's subscription sends a request", async () => {
    const { pushIt, peer } = await bench.connected();
    const done = new Mailbox<unknown>();
    pushIt.unsubscribe("made/by/a/guard", done.put, done.put);
    expect(await done.take()).toBe("made/by/a/guard");
    expect(actions(peer)).toEqual(["unsubscribe"]);
  });
});

describe("opposite calls in one turn", () => {
  it("of an effect that runs twice leave one subscription", async () => {
    const { pushIt, peer } = await bench.connected();
    const shown: unknown[] = [];
    const effect = (): (() => void) => {
      const channel = pushIt.channel("a");
      void channel.subscribe();
      const off = channel.on("message", ({ data }) => shown.push(data));
      return () => {
        off();
        void channel.unsubscribe();
      };
    };
    const rejections = await unhandled(async () => {
      // StrictMode: effect, cleanup, effect.
      effect()();
      effect();
      await arrived(pushIt, peer);
      peer.send({ channel: "a", uuid: "u1", data: "once" });
      await arrived(pushIt, peer);
    });
    expect([actions(peer), shown, rejections]).toEqual([["subscribe"], ["once"], []]);
  });

  it("of an effect while connecting do the same", async () => {
    const { pushIt, states } = bench.client();
    const events: unknown[] = [];
    for (const event of ["subscribed", "unsubscribed", "error"] as const)
      pushIt.on(event, (value) => events.push([event, value.channel]));
    const rejections = await unhandled(async () => {
      const channel = pushIt.channel("a");
      void channel.subscribe();
      void channel.unsubscribe();
      void channel.subscribe();
      await states.find(({ state }) => state === "connected");
      const peer = await bench.server.peers.take();
      await arrived(pushIt, peer);
      expect(actions(peer)).toEqual(["subscribe"]);
    });
    expect([events, rejections]).toEqual([[["subscribed", "a"]], []]);
  });

  it("that cancel each other out fulfil every promise without a frame", async () => {
    const { pushIt, peer } = await bench.connected();
    const channel = pushIt.channel("a");
    await expect(Promise.all([channel.subscribe(), channel.unsubscribe()])).resolves.toEqual([undefined, undefined]);
    await arrived(pushIt, peer);
    expect(actions(peer)).toEqual([]);
    await channel.subscribe();
    await expect(Promise.all([channel.unsubscribe(), channel.subscribe()])).resolves.toEqual([undefined, undefined]);
    await arrived(pushIt, peer);
    expect(actions(peer)).toEqual(["subscribe"]);
  });

  it("with connect and disconnect leave one socket", async () => {
    const { pushIt, states } = bench.client({ autoConnect: false, channels: ["a"] });
    pushIt.connect();
    pushIt.disconnect();
    pushIt.connect();
    await states.find(({ state }) => state === "connected");
    const peer = await bench.server.peers.take();
    await peer.frames.take();
    await arrived(pushIt, peer);
    expect([bench.server.peers.waiting, actions(peer)]).toEqual([0, ["subscribe"]]);
  });

  it("with callbacks give onError superseded, if there is one", async () => {
    const { pushIt, peer } = await bench.connected();
    const errors = jest.fn();
    const outcomes = new Mailbox<unknown>();
    pushIt.on("error", errors);
    pushIt.subscribe("a", outcomes.put, outcomes.put);
    pushIt.unsubscribe("a");
    expect(await outcomes.take()).toMatchObject({ code: "superseded", channel: "a" });
    pushIt.subscribe("b");
    pushIt.unsubscribe("b");
    await arrived(pushIt, peer);
    expect(errors).not.toHaveBeenCalled();
  });
});

describe("promises without a handler", () => {
  it("of subscribing and unsubscribing are never unhandled rejections", async () => {
    bench.server.automatic = false;
    const { pushIt, peer } = await bench.connected();
    pushIt.on("unsubscribed", () => {});
    const channel = pushIt.channel("a");
    const rejections = await unhandled(async () => {
      void channel.subscribe();
      peer.answer(await peer.frames.take(), { successful: false, code: "denied", error: "No." });
      await arrived(pushIt, peer);
      void channel.subscribe();
      peer.answer(await peer.frames.take());
      void channel.unsubscribe();
      peer.answer(await peer.frames.take(), { successful: false, code: "denied", error: "Stay." });
      await arrived(pushIt, peer);
      void pushIt.channel("b").subscribe();
      pushIt.disconnect();
      void pushIt.channel("c").subscribe();
      await settled();
    });
    expect(rejections).toEqual([]);
  });

  it("reject nevertheless for code that awaits them", async () => {
    const { pushIt } = await bench.connected();
    pushIt.disconnect();
    await expect(pushIt.channel("a").subscribe()).rejects.toBeInstanceOf(PushItError);
  });

  it("of publishing are unhandled rejections if the message is lost", async () => {
    const { pushIt } = await bench.connected();
    await expect(pushIt.channel("a").publish("x".repeat(40_000))).rejects.toMatchObject({ code: "too_large" });
  });
});
