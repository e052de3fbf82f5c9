import { HISTORY_MARGIN_SECONDS } from "../../../protocol/deployment.js";
import { HEAD_SECONDS, PENDING_MS } from "../../../lambdas/history/history.js";
import { headsOf, oldest, type Page, replayBefore, replayFrom, replayLast } from "../../../lambdas/history/replay.js";
import { NOW, TestClock } from "../support/fakes.js";
import { MemoryStore } from "../support/memory-store.js";
import { MemoryHistories } from "./history-fakes.js";

const CHANNEL = "kept/1";
const KEEP = { size: 10, seconds: 3_600 };
const EPOCH = "e1";

/** A history whose offset is `last`, with messages at the offsets `present`, one each second. */
const setUp = (last: number, present: readonly number[] = Array.from({ length: last }, (_, at) => at + 1)) => {
  const clock = new TestClock();
  const histories = new MemoryHistories(clock, 900, new MemoryStore());
  const at = (offset: number): number => NOW + offset * 1000;
  const head = { epoch: EPOCH, offset: last, at: at(last), begun: NOW };
  histories.heads_.set(CHANNEL, head);
  for (const offset of present)
    histories.rowsOf(CHANNEL).set(offset, { offset, at: at(offset), message: { uuid: `m${offset}`, data: offset } });
  clock.advance(last * 1000);
  const system = { clock, histories };
  const channel = { channel: CHANNEL, head, keep: KEEP };
  return {
    ...system,
    system,
    from: (offset: number, limit = 100) => replayFrom(system, channel, { epoch: EPOCH, offset }, limit),
    all: (limit = 100) => oldest(system, channel, limit),
    before: (offset?: number, limit = 100) =>
      replayBefore(system, channel, offset === undefined ? undefined : { epoch: EPOCH, offset }, limit),
    last: (limit: number) => replayLast(system, channel, limit),
    other: () => replayFrom(system, channel, { epoch: "e0", offset: 1 }, 100),
  };
};

const summaryOf = ({ messages, position, more, older, code }: Page) => ({
  offsets: messages.map(({ offset }) => offset),
  at: position.offset,
  ...(more && { more }),
  ...(older && { older }),
  ...(code && { code }),
});

describe("a replay after a position", () => {
  test("has the messages in order, one page at a time", async () => {
    const { from } = setUp(7);
    expect(summaryOf(await from(3))).toEqual({ offsets: [4, 5, 6, 7], at: 7 });
    expect(summaryOf(await from(3, 2))).toEqual({ offsets: [4, 5], at: 5, more: true });
    expect(summaryOf(await from(0))).toEqual({ offsets: [1, 2, 3, 4, 5, 6, 7], at: 7 });
    expect(summaryOf(await from(7))).toEqual({ offsets: [], at: 7 });
  });

  test("fails for another epoch, a later position or a dropped one", async () => {
    const { from, other } = setUp(12);
    expect(summaryOf(await other())).toEqual({ offsets: [], at: 12, code: "epoch_changed" });
    expect(summaryOf(await from(13))).toEqual({ offsets: [], at: 12, code: "epoch_changed" });
    expect(summaryOf(await from(1))).toEqual({ offsets: [], at: 12, code: "too_far_behind" });
    expect(summaryOf(await from(2))).toMatchObject({ at: 12 });
  });

  test("is complete, or fails if DynamoDB may have deleted messages", async () => {
    const { clock, from } = setUp(9);
    expect(summaryOf(await from(4))).toEqual({ offsets: [5, 6, 7, 8, 9], at: 9 });
    // Message 5 has expired, and DynamoDB may have deleted it. Then no row shows what else is deleted.
    clock.advance((KEEP.seconds + HISTORY_MARGIN_SECONDS) * 1000 - 4_000);
    expect(summaryOf(await from(4))).toEqual({ offsets: [], at: 9, code: "position_expired" });
    expect(summaryOf(await from(0))).toEqual({ offsets: [], at: 9, code: "position_expired" });
    expect(summaryOf(await from(9))).toEqual({ offsets: [], at: 9 });
  });

  test("works after a long absence if the first missed message remains", async () => {
    const { clock, histories, from } = setUp(9, [1, 2, 3]);
    const late = NOW + (KEEP.seconds + HISTORY_MARGIN_SECONDS) * 1000 + 60_000;
    for (let offset = 4; offset <= 9; offset += 1)
      histories.rowsOf(CHANNEL).set(offset, { offset, at: late, message: { uuid: `m${offset}`, data: 0 } });
    clock.advance(late - clock.now());
    histories.expire(KEEP);
    expect(histories.listOffsets(CHANNEL)[0]).toBe("4:m4");
    expect(summaryOf(await from(3))).toEqual({ offsets: [4, 5, 6, 7, 8, 9], at: 9 });
    expect(summaryOf(await from(2))).toMatchObject({ code: "position_expired" });
  });
});

describe("an offset without a row", () => {
  test("ends the replay until it is old enough to be sealed", async () => {
    const { clock, histories, from } = setUp(7, [1, 2, 3, 5, 6]);
    // The message after it is a second younger.
    clock.advance(PENDING_MS - 2_001);
    const early = await from(2);
    expect([summaryOf(early), early.pendingMs]).toEqual([{ offsets: [3], at: 3 }, 1]);
    clock.advance(1);
    expect(summaryOf(await from(2))).toEqual({ offsets: [3, 5, 6], at: 6 });
    expect(histories.listOffsets(CHANNEL)).toEqual(["1:m1", "2:m2", "3:m3", "4:-", "5:m5", "6:m6"]);
    clock.advance(2_000);
    expect(summaryOf(await from(6))).toEqual({ offsets: [], at: 7 });
    expect(histories.listOffsets(CHANNEL).at(-1)).toBe("7:-");
  });

  test("has its writer's message if the writer was faster than the reader", async () => {
    const { clock, histories, from } = setUp(3, [1, 3]);
    clock.advance(PENDING_MS);
    histories.before = (step) => {
      if (step === "put") histories.rowsOf(CHANNEL).set(2, { offset: 2, at: NOW, message: { uuid: "m2", data: 2 } });
    };
    expect(summaryOf(await from(1))).toEqual({ offsets: [2, 3], at: 3 });
  });

  test("is never sealed if its message may have expired", async () => {
    const { clock, histories, from, all } = setUp(6, [5, 6]);
    clock.advance((KEEP.seconds + HISTORY_MARGIN_SECONDS) * 1000);
    expect(summaryOf(await from(3))).toMatchObject({ code: "position_expired" });
    expect(summaryOf(await all())).toEqual({ offsets: [], at: 6 });
    expect(histories.listOffsets(CHANNEL)).toEqual(["5:m5", "6:m6"]);
  });

  test("at the very beginning is waited for like any other", async () => {
    const { clock, from, all } = setUp(1, []);
    expect((await from(0)).pendingMs).toBe(PENDING_MS);
    expect(summaryOf(await all())).toEqual({ offsets: [], at: 0 });
    clock.advance(PENDING_MS);
    expect(summaryOf(await from(0))).toEqual({ offsets: [], at: 1 });
  });
});

describe("the whole history", () => {
  test("has at most the kept number and age of messages, oldest first", async () => {
    const { clock, all } = setUp(14);
    expect(summaryOf(await all())).toEqual({ offsets: [5, 6, 7, 8, 9, 10, 11, 12, 13, 14], at: 14 });
    expect(summaryOf(await all(3))).toEqual({ offsets: [5, 6, 7], at: 7, more: true });
    clock.advance(KEEP.seconds * 1000 - 4_000);
    expect(summaryOf(await all(3))).toEqual({ offsets: [11, 12, 13], at: 13, more: true });
    clock.advance(4_000);
    expect(summaryOf(await all())).toEqual({ offsets: [], at: 14 });
  });

  test("is found without reading all expired rows", async () => {
    const { clock, histories, system, all } = setUp(9_000);
    const read: number[] = [];
    const { rows } = histories;
    histories.rows = async (...asked) => {
      const found = await rows.apply(histories, asked);
      read.push(found.rows.length);
      return found;
    };
    clock.advance(KEEP.seconds * 1000 - 4_000);
    const head = histories.heads_.get(CHANNEL)!;
    expect(summaryOf(await oldest(system, { channel: CHANNEL, head, keep: { ...KEEP, size: 10_000 } }, 2))).toEqual({
      offsets: [8_997, 8_998],
      at: 8_998,
      more: true,
    });
    expect(read.reduce((sum, each) => sum + each)).toBeLessThan(20);
    expect(summaryOf(await all())).toEqual({ offsets: [8_997, 8_998, 8_999, 9_000], at: 9_000 });
  });

  test("can be read newest first, page by page", async () => {
    const { before, clock } = setUp(14);
    expect(summaryOf(await before(undefined, 4))).toEqual({ offsets: [14, 13, 12, 11], at: 11, more: true });
    expect(summaryOf(await before(11, 4))).toEqual({ offsets: [10, 9, 8, 7], at: 7, more: true });
    expect(summaryOf(await before(7, 4))).toEqual({ offsets: [6, 5], at: 5 });
    expect(summaryOf(await before(5, 4))).toEqual({ offsets: [], at: 5 });
    expect(summaryOf(await before(15))).toMatchObject({ code: "epoch_changed" });
    clock.advance(KEEP.seconds * 1000 - 4_000);
    expect(summaryOf(await before())).toEqual({ offsets: [14, 13, 12, 11], at: 11 });
  });

  test("newest first also ends before a pending offset", async () => {
    const { before, clock } = setUp(5, [1, 2, 3, 5]);
    const page = await before();
    expect(summaryOf(page)).toEqual({ offsets: [3, 2, 1], at: 1 });
    expect(page.pendingMs).toBe(PENDING_MS);
    clock.advance(PENDING_MS);
    const later = await before();
    expect([summaryOf(later), later.pendingMs]).toEqual([{ offsets: [5, 3, 2, 1], at: 1 }, undefined]);
  });
});

describe("the newest messages", () => {
  test("come oldest first, with the position after them", async () => {
    const { last, clock } = setUp(14);
    expect(summaryOf(await last(4))).toEqual({ offsets: [11, 12, 13, 14], at: 14, older: true });
    expect(summaryOf(await last(10))).toEqual({ offsets: [5, 6, 7, 8, 9, 10, 11, 12, 13, 14], at: 14 });
    expect(summaryOf(await last(100))).toEqual({ offsets: [5, 6, 7, 8, 9, 10, 11, 12, 13, 14], at: 14 });
    clock.advance(KEEP.seconds * 1000 - 4_000);
    expect(summaryOf(await last(2))).toEqual({ offsets: [13, 14], at: 14, older: true });
    expect(summaryOf(await last(9))).toEqual({ offsets: [11, 12, 13, 14], at: 14 });
    clock.advance(4_000);
    expect(summaryOf(await last(9))).toEqual({ offsets: [], at: 14 });
  });

  test("end before a pending offset, and skip a sealed one", async () => {
    const { last, clock } = setUp(5, [1, 2, 3, 5]);
    const page = await last(3);
    expect([summaryOf(page), page.pendingMs]).toEqual([{ offsets: [3], at: 3, older: true }, PENDING_MS]);
    const none = await last(2);
    expect([summaryOf(none), none.pendingMs]).toEqual([{ offsets: [], at: 3, older: true }, PENDING_MS]);
    clock.advance(PENDING_MS);
    expect(summaryOf(await last(3))).toEqual({ offsets: [3, 5], at: 5, older: true });
  });

  test("of an empty history are none", async () => {
    expect(summaryOf(await setUp(0).last(5))).toEqual({ offsets: [], at: 0 });
  });
});

// So a subscriber has a position from the beginning.
test("headsOf creates a head for a channel without a history", async () => {
  const { system, histories } = setUp(3);
  const heads = await headsOf(
    system,
    new Map([
      [CHANNEL, KEEP],
      ["kept/new", KEEP],
    ]),
  );
  expect([heads.get(CHANNEL)?.offset, heads.get("kept/new")]).toEqual([3, histories.heads_.get("kept/new")]);
  expect(heads.get("kept/new")).toMatchObject({ offset: 0 });
});

test("a head outlives its rows", () => {
  expect(HEAD_SECONDS).toBeGreaterThan(HISTORY_MARGIN_SECONDS);
});
