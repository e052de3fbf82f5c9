import { MAX_FRAME_BYTES, MAX_HISTORY_PAGE_SIZE } from "../../../protocol/index.js";
import { laggingChannels, readPositions } from "../../../lambdas/history/history-check.js";
import type { GuardPort } from "../../../lambdas/ports.js";
import { DEFAULT_SETTINGS } from "../../../lambdas/settings.js";
import { NOW } from "../support/fakes.js";
import { agent, at, offsets, setUp } from "./history-replies-fixture.js";

describe("the reply to a subscription", () => {
  // It is made once the subscription is stored.
  test("has the position, or the replay after the given position", async () => {
    const { ask, store } = await setUp({ "kept/1": 3 });
    const replies = await ask("kept/1", "plain", "kept/new", { channel: "plain/2", since: at(1) });
    expect(replies).toMatchObject([
      { channel: "kept/1", position: at(3), historyCheckIntervalMs: DEFAULT_SETTINGS.checkMs },
      {},
      { position: { offset: 0 } },
      {},
    ]);
    expect([replies[1], replies[3]]).toEqual([{ channel: "plain" }, { channel: "plain/2" }]);
    expect(store.calls).toEqual([
      "connectionSubscriptions c1",
      "putSubscriptions c1 kept/1 plain kept/new plain/2",
      "connectionSubscriptions c1",
      "heads",
      "reserveOffsets",
    ]);
    expect(await ask({ channel: "kept/1", since: at(1) })).toMatchObject([
      { recovered: true, position: at(3), messages: [{ offset: 2 }, { offset: 3 }] },
    ]);
    expect(await ask({ channel: "kept/1", since: at(4) })).toMatchObject([
      { recovered: false, code: "epoch_changed", position: at(3) },
    ]);
  });

  // The client requests the rest from those positions.
  test("has as much as fits a frame, with a position per channel", async () => {
    const { ask, read } = await setUp(
      Object.fromEntries(Array.from({ length: 25 }, (_, index) => [`kept/${index}`, 150])),
      { bytes: 900 },
    );
    const replies = await ask(
      ...Array.from({ length: 25 }, (_, index) => ({ channel: `kept/${index}`, since: at(0) })),
    );
    expect(replies.map(({ position, more }) => [typeof position?.offset, more])).toEqual(
      replies.map(() => ["number", true]),
    );
    let [here, got] = [replies[0]!.position!, offsets(replies[0]!)];
    expect(got.at(-1)).toBe(here.offset);
    for (let more: true | undefined = true; more;) {
      const page = await read({ channel: "kept/0", since: here });
      got = [...got, ...offsets(page)];
      ({ position: here = here, more } = page);
    }
    expect(got).toEqual(Array.from({ length: 150 }, (_, index) => index + 1));
  });

  test("has a message of the maximum size alone", async () => {
    const { read } = await setUp({ "kept/1": 3 }, { bytes: 31_500 });
    expect(offsets(await read({ channel: "kept/1" }))).toEqual([1]);
    const reversed = await read({ channel: "kept/1", reverse: true });
    expect([offsets(reversed), reversed.position?.offset, reversed.more]).toEqual([[3], 3, true]);
    expect(offsets(await read({ channel: "kept/1", reverse: true, since: reversed.position }))).toEqual([2]);
  });

  test("has at most one page, however small the messages are", async () => {
    const { ask } = await setUp({ "kept/1": 150 });
    const [replies] = await ask({ channel: "kept/1", since: at(20) });
    expect([offsets(replies!).length, replies?.position?.offset, replies?.more]).toEqual([
      MAX_HISTORY_PAGE_SIZE,
      120,
      true,
    ]);
  });

  // The client then requests the message.
  test("has the latest message, or a position before it if too large", async () => {
    const { ask, histories } = await setUp({ "kept/1": 2, "kept/2": 2 }, { latest: true, bytes: 20_000 });
    const [first, second] = await ask("kept/1", "kept/2");
    expect([offsets(first!), first?.position?.offset, first?.more]).toEqual([[2], 2, undefined]);
    expect([second?.messages, second?.position?.offset, second?.more]).toEqual([undefined, 1, true]);
    histories.rowsOf("kept/1").set(2, { offset: 2, at: NOW });
    expect((await ask("kept/1"))[0]?.messages).toMatchObject([{ offset: 1 }]);
    expect((await ask("kept/none"))[0]).toMatchObject({ position: { offset: 0 } });
  });
});

describe("the latest message of a channel with history", () => {
  // Missing offsets before it do not matter. A missing offset after it may still be written.
  test("is the newest stored one, with a position before missing ones", async () => {
    const { ask, histories } = await setUp({ "kept/1": 4 }, { latest: true });
    const rows = histories.rowsOf("kept/1");
    rows.delete(3);
    expect((await ask("kept/1"))[0]).toMatchObject({ messages: [{ offset: 4 }], position: at(4) });
    rows.set(3, { offset: 3, at: NOW });
    rows.delete(4);
    expect((await ask("kept/1"))[0]).toMatchObject({ messages: [{ offset: 2 }], position: at(3) });
  });

  test("is found behind any number of sealed offsets, unless too old", async () => {
    const { ask, clock, histories } = await setUp({ "kept/1": 400, "kept/2": 400 }, { latest: true });
    for (let offset = 2; offset <= 400; offset += 1) histories.rowsOf("kept/1").set(offset, { offset, at: NOW });
    for (let offset = 1; offset <= 400; offset += 1) histories.rowsOf("kept/2").set(offset, { offset, at: NOW });
    expect((await ask("kept/1", "kept/2"))[0]).toMatchObject({ messages: [{ offset: 1 }], position: at(400) });
    expect((await ask("kept/2"))[0]).not.toHaveProperty("messages");
    clock.advance(3_600_000);
    expect((await ask("kept/1"))[0]).not.toHaveProperty("messages");
  });
});

describe("a delivery guard", () => {
  const guardsDelivery = async (): Promise<boolean> => true;

  test("decides each replayed message, and the position moves past dropped ones", async () => {
    const delivery: GuardPort["delivery"] = async (_agent, message) =>
      message.uuid === "m2" ? { ...message, data: "changed" } : undefined;
    const { ask } = await setUp({ "kept/1": 3 }, { guards: { guardsDelivery, delivery } });
    expect(await ask({ channel: "kept/1", since: at(0) })).toEqual([
      {
        channel: "kept/1",
        position: at(3),
        messages: [{ uuid: "m2", data: "changed", at: NOW, offset: 2 }],
        recovered: true,
        historyCheckIntervalMs: DEFAULT_SETTINGS.checkMs,
      },
    ]);
  });

  test("drops a message if it makes it too large for a reply", async () => {
    const delivery: GuardPort["delivery"] = async (_agent, message) => ({
      ...message,
      data: "x".repeat(MAX_FRAME_BYTES - 500),
    });
    const { read, log } = await setUp({ "kept/1": 1 }, { guards: { guardsDelivery, delivery } });
    expect(await read({ channel: "kept/1" })).toEqual({ channel: "kept/1", position: at(1) });
    expect(log.events("error")).toEqual(["delivery_too_large"]);
  });

  // So a guard without a verdict does not block the history forever.
  test("gets its full time, and the reply ends with the page's time", async () => {
    const within: number[] = [];
    const system = await setUp(
      { "kept/1": 60 },
      {
        guards: {
          guardsDelivery,
          delivery: async (_agent, _message, withinMs) => {
            within.push(withinMs);
            system.clock.advance(40);
            return undefined;
          },
        },
      },
    );
    const first = await system.read({ channel: "kept/1" });
    expect(first.position?.offset).toBeGreaterThan(20);
    expect(first.more).toBe(true);
    expect(Math.min(...within)).toBeGreaterThanOrEqual(DEFAULT_SETTINGS.timeouts.onMessageReceived);
  });

  test("that did not run in time runs on the next request", async () => {
    let left = 2;
    const delivery: GuardPort["delivery"] = async (_agent, message) => ((left -= 1) >= 0 ? message : "late");
    const { read } = await setUp({ "kept/1": 5 }, { guards: { guardsDelivery, delivery } });
    const first = await read({ channel: "kept/1" });
    expect([offsets(first), first.position?.offset, first.more]).toEqual([[1, 2], 2, true]);
    left = 9;
    expect(offsets(await read({ channel: "kept/1", since: first.position }))).toEqual([3, 4, 5]);
  });
});

describe("reading a history", () => {
  test("needs a grant for this channel and ignores the guard's other subscriptions", async () => {
    const subscription: GuardPort["subscription"] = async (_agent, channel) =>
      channel === "kept/no"
        ? { permitted: false, code: "denied", reason: "Not you." }
        : { permitted: true, subscribe: ["kept/1", "kept/extra"], publish: [] };
    const { read, store } = await setUp({ "kept/1": 1 }, { guards: { subscription } });
    expect(offsets(await read({ channel: "kept/1" }))).toEqual([1]);
    expect(await read({ channel: "kept/no" })).toEqual({ channel: "kept/no" });
    expect(await read({ channel: "kept/2" })).toEqual({ channel: "kept/2" });
    expect(store.calls).toEqual(["heads", "rows"]);
  });
});

describe("a ping", () => {
  const frame = (data: unknown): string => JSON.stringify({ action: "ping", channel: "/meta/ping", uuid: "u1", data });

  test("returns the lagging channels among the agent's subscriptions", async () => {
    const system = await setUp({ "kept/1": 3, "kept/2": 3, "kept/3": 3, "kept/other": 3 });
    await system.store.putSubscriptions(agent, ["kept/1", "kept/2", "kept/3", "kept/lost"]);
    const positions = new Map([
      ["kept/1", at(3)],
      ["kept/2", at(2)],
      ["kept/3", { epoch: "e0", offset: 3 }],
      ["kept/other", at(1)],
      ["kept/lost", at(1)],
      ["plain", at(1)],
    ]);
    expect(await laggingChannels(system, agent, positions)).toEqual(["kept/2", "kept/3", "kept/lost"]);
  });

  test("without positions of channels with history reads no rows", async () => {
    const system = await setUp({});
    system.histories.before = () => {
      throw new Error("asked");
    };
    expect(await laggingChannels(system, agent, new Map([["plain", at(1)]]))).toEqual([]);
  });

  test("with invalid positions is malformed", () => {
    expect(readPositions(frame(undefined))).toEqual({ request: new Map() });
    expect(readPositions(frame({ positions: { a: at(1) } }))).toEqual({ request: new Map([["a", at(1)]]) });
    const many = Object.fromEntries(Array.from({ length: 101 }, (_, index) => [`c${index}`, at(1)]));
    for (const wrong of [
      1,
      null,
      { positions: [] },
      { positions: null },
      { positions: { a: null } },
      { positions: { a: 1 } },
      { positions: { a: { epoch: 1, offset: 1 } } },
      { positions: { a: { epoch: "e", offset: -1 } } },
      { positions: many },
    ]) {
      expect(readPositions(frame(wrong))).toMatchObject({
        faults: [{ channel: "/meta/ping", uuid: "u1", code: "bad_frame" }],
      });
    }
  });
});
