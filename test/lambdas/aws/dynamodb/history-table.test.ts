import { HISTORY_MARGIN_SECONDS } from "../../../../protocol/deployment.js";
import { HistoryTable } from "../../../../lambdas/aws/dynamodb/history-table.js";
import { ChannelBusy, HEAD_SECONDS } from "../../../../lambdas/history/history.js";
import { persistHistory } from "../../../../lambdas/history/persist-history.js";
import { replayFrom } from "../../../../lambdas/history/replay.js";
import { DEFAULT_SETTINGS } from "../../../../lambdas/settings.js";
import { MAX_CHANNEL_LENGTH, type Json } from "../../../../protocol/index.js";
import { agentOf, messageOf, NOW } from "../../support/fakes.js";
import { itemSize, type TestTable, useTables } from "../../support/test-table.js";

let testTable: TestTable;
let histories: HistoryTable;

const DEDUPE = 900;
const KEEP = { size: 100, seconds: 3_600 };
const ID = { channel: "a", publisher: "ada", uuid: "m1" };

useTables((table) => {
  testTable = table;
  histories = new HistoryTable(testTable, testTable.clock, DEDUPE);
});

describe("a channel's head", () => {
  test("is created with the first offset, and assigns each offset once", async () => {
    expect(await histories.reserveOffsets("a", 2, "e1", KEEP)).toEqual({ epoch: "e1", offset: 2, at: NOW, begun: NOW });
    testTable.clock.advance(5);
    const heads = await Promise.all(Array.from({ length: 10 }, () => histories.reserveOffsets("a", 3, "e2", KEEP)));
    expect(heads.map(({ offset }) => offset).sort((a, b) => a - b)).toEqual(
      Array.from({ length: 10 }, (_, at) => 5 + 3 * at),
    );
    expect(new Set(heads.map(({ epoch, at, begun }) => `${epoch} ${at - NOW} ${begun - NOW}`))).toEqual(
      new Set(["e1 5 0"]),
    );
    expect(await histories.heads(["a", "b"])).toEqual(
      new Map([["a", { epoch: "e1", offset: 32, at: NOW + 5, begun: NOW }]]),
    );
  });

  test("outlives its messages by far", async () => {
    await histories.reserveOffsets("a", 1, "e1", KEEP);
    expect((await testTable.row("h#a", "head"))?.["ttl"]?.N).toBe(String(NOW / 1000 + KEEP.seconds + HEAD_SECONDS));
  });

  test("is returned for subscribed channels only", async () => {
    await histories.reserveOffsets("a", 1, "e1", KEEP);
    await histories.reserveOffsets("b", 1, "e1", KEEP);
    await testTable.table.putSubscriptions(agentOf("c1"), ["a", "c"]);
    const found = await histories.headsOfSubscribed("c1", ["a", "b", "c"]);
    expect([...found].map(([channel, head]) => [channel, head?.offset])).toEqual([
      ["a", 1],
      ["c", undefined],
    ]);
  });
});

describe("a dedupe record", () => {
  const claim = { epoch: "e1", offset: 1, at: NOW, hash: "h" };

  test("belongs to one publisher, for the dedupe window, in one history", async () => {
    expect(await histories.claimed(ID)).toBeUndefined();
    expect(await histories.claim(ID, claim)).toBe(true);
    expect(await histories.claim(ID, { ...claim, offset: 2 })).toBe(false);
    expect(await histories.claimed(ID)).toEqual(claim);
    for (const other of [{ publisher: "bob" }, { uuid: "m2" }, { channel: "b" }])
      expect(await histories.claim({ ...ID, ...other }, claim)).toBe(true);
    expect(await histories.claim(ID, { ...claim, epoch: "e2" })).toBe(true);
    testTable.clock.advance(DEDUPE * 1000 - 1);
    expect(await histories.claim(ID, { ...claim, epoch: "e2" })).toBe(false);
    testTable.clock.advance(1);
    expect(await histories.claim(ID, { ...claim, epoch: "e2" })).toBe(true);
  });

  test("moves to another offset for only one of several callers", async () => {
    await histories.claim(ID, claim);
    const moved = await Promise.all([2, 3, 4].map((offset) => histories.reclaim(ID, { ...claim, offset }, claim)));
    expect(moved.filter(Boolean)).toHaveLength(1);
    expect((await histories.claimed(ID))?.offset).toBe(2 + moved.indexOf(true));
    expect(await histories.reclaim({ ...ID, uuid: "never" }, claim, claim)).toBe(false);
  });
});

describe("an offset", () => {
  const message = (data: Json) => ({ uuid: "m1", data });

  test("belongs to a message or is sealed, whichever comes first", async () => {
    expect(await histories.put("a", "e1", { offset: 1, at: NOW, message: message("größe") }, KEEP)).toBe(true);
    expect(await histories.put("a", "e1", { offset: 1, at: NOW + 1 }, KEEP)).toBe(false);
    expect(await histories.put("a", "e1", { offset: 2, at: NOW }, KEEP)).toBe(true);
    expect(await histories.put("a", "e1", { offset: 2, at: NOW, message: message(1) }, KEEP)).toBe(false);
    expect(await histories.row("a", "e1", 1)).toEqual({ offset: 1, at: NOW, message: message("größe") });
    expect(await histories.row("a", "e1", 2)).toEqual({ offset: 2, at: NOW });
    expect(await histories.row("a", "e2", 1)).toBeUndefined();
    expect((await testTable.rows()).map(({ ttl }) => ttl?.N)).toEqual(
      [0, 0].map(() => String(NOW / 1000 + KEEP.seconds + HISTORY_MARGIN_SECONDS)),
    );
  });

  test("is read in numeric order, up to the requested number of rows", async () => {
    for (const offset of [9, 10, 100, 1_000, 11]) await histories.put("a", "e1", { offset, at: NOW }, KEEP);
    await histories.put("b", "e1", { offset: 12, at: NOW }, KEEP);
    const offsets = async (...range: [number, number, number]) => {
      const { rows, whole } = await histories.rows("a", "e1", ...range);
      return [rows.map(({ offset }) => offset), whole];
    };
    expect(await offsets(10, 999, 10)).toEqual([[10, 11, 100], true]);
    expect(await offsets(1, 1_000, 2)).toEqual([[9, 10], false]);
    expect(await offsets(10, 11, 2)).toEqual([[10, 11], true]);
  });
});

test.each(["ProvisionedThroughputExceededException", "ThrottlingException", "RequestLimitExceeded"])(
  "%s means a busy channel if a write was throttled",
  async (name) => {
    testTable.intercept = async () => {
      throw Object.assign(new Error("too much"), { name });
    };
    await expect(histories.reserveOffsets("a", 1, "e1", KEEP)).rejects.toBeInstanceOf(ChannelBusy);
    await expect(histories.claim(ID, { epoch: "e1", offset: 1, at: NOW, hash: "h" })).rejects.toBeInstanceOf(
      ChannelBusy,
    );
    await expect(histories.put("a", "e1", { offset: 1, at: NOW }, KEEP)).rejects.toBeInstanceOf(ChannelBusy);
    await expect(histories.heads(["a"])).rejects.toThrow("too much");
  },
);

test("every read is strongly consistent", async () => {
  await histories.heads(["a"]);
  await histories.claimed(ID);
  await histories.row("a", "e1", 1);
  await histories.rows("a", "e1", 1, 2, 10);
  for (const { name, input } of testTable.sent) {
    const asked = name === "BatchGetItem" ? (input["RequestItems"] as Record<string, unknown>)[testTable.name] : input;
    expect(asked).toMatchObject({ ConsistentRead: true });
  }
});

describe("the cost as the engine bills it", () => {
  const channel = `kept/${"x".repeat(MAX_CHANNEL_LENGTH - 5)}`;
  const publisher = "p".repeat(22);
  const settings = { ...DEFAULT_SETTINGS, channels: { "kept/*": { history: KEEP } } };
  const uuid = (at: number): string => `${at}`.padEnd(22, "u");
  const store = (...messages: { uuid: string; data: Json }[]) => {
    const submissions = messages.map((one) => ({
      own: { channel, ...one },
      publications: [{ message: { channel, ...one } }],
    }));
    return testTable.cost(() =>
      persistHistory({ histories, settings, clock: testTable.clock }, publisher, submissions),
    );
  };

  // The length of the channel's name does not matter.
  test("is three write units per publication of up to 1 KB", async () => {
    expect(await store({ uuid: uuid(1), data: "x".repeat(700) })).toEqual({
      commands: ["UpdateItem", "PutItem", "PutItem"],
      read: 0,
      written: 3,
    });
    const stored = (await testTable.rows()).find(({ pk }) => pk?.S?.startsWith("m#"));
    expect(itemSize(stored!)).toBeGreaterThan(900);
    expect(itemSize(stored!)).toBeLessThanOrEqual(1_024);
    expect(await store({ uuid: uuid(2), data: "x".repeat(1_800) })).toMatchObject({ written: 4 });
  });

  test("is less for a frame of several messages, which share one reservation", async () => {
    expect(await store(...[1, 2, 3].map((at) => ({ uuid: uuid(at), data: at })))).toMatchObject({
      written: 1 + 2 * 3,
      read: 0,
    });
  });

  // Two of the writes only test a condition.
  test("of a repetition is four writes and two reads", async () => {
    await store({ uuid: uuid(1), data: 1 });
    const cost = await store({ uuid: uuid(1), data: 1 });
    expect(cost.commands).toEqual(["UpdateItem", "PutItem", "GetItem", "PutItem", "GetItem", "PutItem"]);
    // DynamoDB also bills writes whose condition fails, but not every engine reports them.
    expect(cost.written).toBeLessThanOrEqual(4);
  });

  test("of a replay is one Query, with a unit per 4 KB", async () => {
    await store(...Array.from({ length: 20 }, (_, at) => ({ uuid: uuid(at), data: "x".repeat(200) })));
    const head = (await histories.heads([channel])).get(channel)!;
    const { epoch } = head;
    const cost = await testTable.cost(async () => {
      const page = await replayFrom(
        { histories, clock: testTable.clock },
        { channel, head, keep: KEEP },
        { epoch, offset: 0 },
        100,
      );
      expect(page.messages).toHaveLength(20);
    });
    expect(cost.commands).toEqual(["Query"]);
    expect(cost.read).toBeLessThanOrEqual(3);
  });
});

test("concurrent publications get different offsets, and readers find all of them", async () => {
  const settings = { ...DEFAULT_SETTINGS, channels: { a: { history: KEEP } } };
  const one = (uuid: string) =>
    persistHistory({ histories, settings, clock: testTable.clock }, "ada", [
      { own: messageOf("a", 1, uuid), publications: [{ message: messageOf("a", 1, uuid) }] },
    ]);
  const uuids = Array.from({ length: 20 }, (_, at) => `m${at}`);
  await Promise.all(uuids.map(one));
  const head = (await histories.heads(["a"])).get("a")!;
  const { messages } = await replayFrom(
    { histories, clock: testTable.clock },
    { channel: "a", head, keep: KEEP },
    { epoch: head.epoch, offset: 0 },
    100,
  );
  expect(messages.map(({ offset }) => offset)).toEqual(uuids.map((_, at) => at + 1));
  expect(messages.map(({ message }) => message.uuid).sort()).toEqual([...uuids].sort());
});
