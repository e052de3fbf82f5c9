import { inspect } from "node:util";
import type { PushItError, PushItOptions } from "push-it-client";
import { arrived, at, QUIET, reconnected, replay, targets } from "../support/recorded.js";
import type { ClientFrame } from "../support/scripted-server.js";
import { Bench, settled } from "../support/setup.js";

const bench = Bench.use();
const HOUR = 3_600_000;

/** A connected client whose frames the test answers, and tokens that are numbered as they are asked for. */
const connected = async (options: Partial<PushItOptions> = {}) => {
  bench.server.automatic = false;
  const client = await bench.connected({ ...QUIET, ...options });
  let asked = 0;
  return { ...client, token: async () => `t${(asked += 1)}`, asked: () => asked };
};

/** The channels of a subscribe frame and their tokens. */
const tokens = (frame: ClientFrame): unknown[] =>
  (targets(frame) as { channel: string; token?: unknown }[]).map(({ channel, token }) => [channel, token]);

const errorOf = (promise: Promise<unknown>): Promise<PushItError> =>
  promise.then(
    () => {
      throw new Error("did not fail");
    },
    (error: PushItError) => error,
  );

describe("a token", () => {
  it("travels with the subscribe, history and presence requests of its channel", async () => {
    const { pushIt, peer, token } = await connected();
    const room = pushIt.channel("a");
    const done = room.subscribe({ token, last: 2 });
    const frame = await peer.frames.take();
    expect(frame.data).toEqual({ channels: [{ channel: "a", last: 2, token: "t1" }] });
    replay(peer, frame, { position: at(0) });
    await done;
    const requests = [room.history({ limit: 5 }), room.presence(), pushIt.channel("b").history()];
    const frames = [await peer.frames.take(), await peer.frames.take(), await peer.frames.take()];
    expect(frames.map(({ action, data }) => [action, data])).toEqual([
      ["history", { channel: "b" }],
      ["history", { channel: "a", limit: 5, token: "t2" }],
      ["presence", { channel: "a", token: "t3" }],
    ]);
    for (const each of frames) peer.answer(each, { successful: true, data: { channel: "a", members: [] } });
    await Promise.all(requests);
    void room.unsubscribe();
    expect((await peer.frames.take()).data).toEqual({ channels: ["a"] });
  });

  it("is asked for again after a reconnection", async () => {
    const { pushIt, peer, token, asked } = await connected();
    void pushIt.channel("a").subscribe({ token });
    const frame = await peer.frames.take();
    expect(tokens(frame)).toEqual([["a", "t1"]]);
    peer.answer(frame);
    const next = await reconnected(bench, pushIt, peer);
    expect(tokens(await next.frames.take())).toEqual([["a", "t2"]]);
    const third = await reconnected(bench, pushIt, next);
    expect(tokens(await third.frames.take())).toEqual([["a", "t3"]]);
    expect(asked()).toBe(3);
  });

  it("is asked for again for the next connection of a rotation", async () => {
    const { pushIt, peer, token } = await connected();
    void pushIt.channel("a").subscribe({ token });
    peer.answer(await peer.frames.take());
    await arrived(pushIt, peer);
    bench.platform.advance(2 * HOUR);
    const next = await bench.server.peers.take();
    expect(tokens(await next.frames.find(({ action }) => action === "subscribe"))).toEqual([["a", "t2"]]);
  });

  it("is asked for again if the agent is absent", async () => {
    const { pushIt, peer, token } = await connected({ pingInterval: 60_000 });
    void pushIt.channel("a").subscribe({ token });
    replay(peer, await peer.frames.take(), { presenceIntervalMs: 60_000 });
    await arrived(pushIt, peer);
    bench.platform.advance(60_000);
    const ping = await peer.frames.find(({ action }) => action === "ping");
    peer.answer(ping, { successful: true, data: { absentChannels: ["a"] } });
    expect(tokens(await peer.frames.find(({ action }) => action === "subscribe"))).toEqual([["a", "t2"]]);
  });

  it("is asked for again if the frame had too many channels", async () => {
    const { pushIt, peer } = await connected();
    let asked = 0;
    for (const name of ["a", "b"]) void pushIt.channel(name).subscribe({ token: () => (asked += 1) });
    const frame = await peer.frames.take();
    expect(tokens(frame)).toEqual([
      ["a", 1],
      ["b", 2],
    ]);
    peer.send({ channel: "/meta/subscribe", uuid: frame.uuid, successful: false, code: "too_many", error: "Many." });
    const [first, second] = [await peer.frames.take(), await peer.frames.take()];
    expect([...tokens(first), ...tokens(second)]).toEqual([
      ["a", 3],
      ["b", 4],
    ]);
  });

  it("is asked for again after a failure", async () => {
    const { pushIt, peer, token } = await connected();
    pushIt.on("error", () => {});
    const failed = errorOf(pushIt.channel("a").subscribe({ token }));
    peer.answer(await peer.frames.take(), { successful: false, code: "guard_timeout", error: "Late." });
    expect((await failed).code).toBe("guard_timeout");
    bench.platform.advance(30_000);
    expect(tokens(await peer.frames.take())).toEqual([["a", "t2"]]);
  });

  it("is not sent on another connection than it was asked for", async () => {
    const { pushIt, peer } = await connected();
    const resolvers: ((token: string) => void)[] = [];
    const token = () => new Promise<string>((resolve) => resolvers.push(resolve));
    void pushIt.channel("a").subscribe({ token });
    await settled();
    const next = await reconnected(bench, pushIt, peer);
    resolvers[0]!("old");
    await arrived(pushIt, next);
    expect([resolvers.length, next.frames.waiting]).toEqual([2, 0]);
    resolvers[1]!("new");
    expect(tokens(await next.frames.take())).toEqual([["a", "new"]]);
  });

  it("comes from the newest object that still holds the channel", async () => {
    const { pushIt, peer } = await connected();
    const [first, second, third] = [pushIt.channel("a"), pushIt.channel("a"), pushIt.channel("a")];
    void first.subscribe({ token: () => "first" });
    void second.subscribe({ token: () => "second" });
    void third.subscribe();
    const frame = await peer.frames.take();
    expect(tokens(frame)).toEqual([["a", "second"]]);
    peer.answer(frame);
    await second.unsubscribe();
    const next = await reconnected(bench, pushIt, peer);
    const again = await next.frames.take();
    expect(tokens(again)).toEqual([["a", "first"]]);
    next.answer(again);
    void second.subscribe({ token: () => "second" });
    void first.subscribe({ token: () => ({ first: 2 }) });
    const last = await reconnected(bench, pushIt, next);
    expect(tokens(await last.frames.take())).toEqual([["a", { first: 2 }]]);
  });

  it("may be left out, and may be null", async () => {
    const { pushIt, peer } = await connected();
    void pushIt.channel("a").subscribe({ token: () => undefined });
    void pushIt.channel("b").subscribe({ token: () => null });
    void pushIt.channel("c").subscribe();
    const frames = [await peer.frames.take(), await peer.frames.take()].map(({ data }) => data!.channels);
    expect(frames.flat()).toEqual(["c", "a", { channel: "b", token: null }]);
  });

  it("counts for the size of frames", async () => {
    const { pushIt, peer } = await connected();
    const value = "x".repeat(2_040);
    const channels = Array.from({ length: 40 }, (_, index) => "c".repeat(100) + index);
    const since = { epoch: "e".repeat(64), offset: Number.MAX_SAFE_INTEGER };
    for (const channel of channels) void pushIt.channel(channel).subscribe({ since, token: () => value });
    const got: string[] = [];
    while (got.length < channels.length) {
      const frame = await peer.frames.take();
      expect(Buffer.byteLength(peer.texts.at(-1)!)).toBeLessThanOrEqual(32_768);
      for (const target of targets(frame)) {
        expect(target).toEqual({ channel: target.channel, since, token: value });
        got.push(target.channel);
      }
    }
    expect(got).toEqual(channels);
    expect(Math.max(...peer.texts.map((text) => text.length))).toBeGreaterThan(25_000);
  });
});

describe("a token that cannot be sent", () => {
  const secret = "planted-secret";
  const failures: [string, () => never, string, string | RegExp][] = [
    [
      "because its function throws",
      () => {
        throw new TypeError(secret);
      },
      "token_failed",
      'The function "token" failed: TypeError. Catch its error to see more.',
    ],
    [
      "because its promise is rejected",
      () => Promise.reject(new RangeError(secret)) as never,
      "token_failed",
      'The function "token" failed: RangeError. Catch its error to see more.',
    ],
    [
      "because JSON cannot carry it",
      () => ({ secret, big: 1n }) as never,
      "token_failed",
      'The function "token" failed: TypeError. Catch its error to see more.',
    ],
    [
      "because it is too large",
      () => secret.repeat(200) as never,
      "too_large",
      "The token has 2,802 bytes of JSON, but at most 2,048 are allowed.",
    ],
  ];

  it.each(failures)("%s, fails its request with a clear error", async (_, token, code, message) => {
    const { pushIt, peer } = await connected();
    pushIt.on("error", () => {});
    pushIt.on("unsubscribed", () => {});
    const error = await errorOf(pushIt.channel("a").subscribe({ token }));
    expect(error).toMatchObject({ code, message, channel: "a", retryable: code === "token_failed" });
    await arrived(pushIt, peer);
    expect(peer.frames.waiting).toBe(0);
  });

  it("because it takes too long, fails like a request without a reply", async () => {
    const { pushIt, peer } = await connected({ timeout: 5_000 });
    let asked = 0;
    const hanging = () => ((asked += 1) === 1 ? new Promise<never>(() => {}) : Promise.resolve("late"));
    const failed = errorOf(pushIt.channel("a").subscribe({ token: hanging }));
    await settled();
    bench.platform.advance(5_000);
    expect(await failed).toMatchObject({ code: "timeout", message: 'The function "token" took too long.' });
    // Retried like any other temporary failure, with a new token. The random number is 0.5.
    bench.platform.advance(15_000);
    expect(tokens(await peer.frames.take())).toEqual([["a", "late"]]);
  });

  it("does not keep requests without a token from being sent", async () => {
    const { pushIt, peer } = await connected();
    void pushIt.channel("a").subscribe({ token: () => new Promise<never>(() => {}) });
    await settled();
    void pushIt.channel("b").subscribe();
    expect((await peer.frames.take()).data).toEqual({ channels: ["b"] });
    await pushIt.channel("a").unsubscribe();
  });
});

it("a token is in no log line, console line, error or event", async () => {
  const secret = "planted-secret";
  const written: unknown[] = [];
  const keep = (...args: unknown[]): void => void written.push(args);
  const spies = (["log", "info", "warn", "error", "debug"] as const).map((level) =>
    jest.spyOn(console, level).mockImplementation(keep),
  );
  const logger = { debug: keep, warn: keep };
  const failing = [() => secret.repeat(200), () => Promise.reject(new Error(secret))];
  for (const options of [{ logger }, {}]) {
    const { pushIt, peer } = await connected(options);
    for (const event of ["subscribed", "unsubscribed", "state"] as const) if (options.logger) pushIt.on(event, keep);
    void pushIt.channel("a").subscribe({ token: () => secret });
    const frame = await peer.frames.take();
    expect(peer.texts.at(-1)).toContain(secret);
    peer.answer(frame, { successful: false, code: "guard_failed", error: "The guard failed." });
    for (const token of failing) keep(await errorOf(pushIt.channel("b").subscribe({ token })));
    await reconnected(bench, pushIt, peer);
  }
  for (const spy of spies) spy.mockRestore();
  const lines = written.map((each) => inspect(each, { depth: 9, showHidden: true }));
  expect(lines.length).toBeGreaterThan(10);
  expect(lines.filter((line) => line.includes(secret))).toEqual([]);
});
