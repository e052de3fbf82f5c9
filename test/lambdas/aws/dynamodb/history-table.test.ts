import { HISTORY_MARGIN_SECONDS } from "../../../../protocol/deployment.js";
import { HistoryTable } from "../../../../lambdas/aws/dynamodb/history-table.js";
import { ChannelBusy, HEAD_SECONDS } from "../../../../lambdas/history/history.js";
import { persistHistory } from "../../../../lambdas/history/persist-history.js";
import { replayFrom } from "../../../../lambdas/history/replay.js";
import { DEFAULT_SETTINGS } from "../../../../lambdas/settings.js";
import { MAX_CHANNEL_LENGTH, type Json } from "../../../../protocol/index.js";
import { agentOf, messageOf, NOW } from "../../support/fakes.js";
import { itemSize, type TestTable, useTables } from "../../support/test-table.js";

let it: TestTable;
let histories: HistoryTable;

const DEDUPE = 900;
const KEEP = { size: 100, seconds: 3_600 };
const ID = { channel: "a", publisher: "ada", uuid: "m1" };

useTables((table) => {
  it = table;
  histories = new HistoryTable(it, it.clock, DEDUPE);
});

describe("a channel's head", () => {
  test("is made by the first who takes an offset, and gives each offset once", async () => {
    expect(await histories.reserveOffsets("a", 2, "e1", KEEP)).toEqual({ epoch: "e1", offset: 2, at: NOW, begun: NOW });
    it.clock.advance(5);
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

  test("stays for long after its messages", async () => {
    await histories.reserveOffsets("a", 1, "e1", KEEP);
    expect((await it.row("h#a", "head"))?.["ttl"]?.N).toBe(String(NOW / 1000 + KEEP.seconds + HEAD_SECONDS));
  });

  test("is told to who is subscribed, and to nobody else", async () => {
    await histories.reserveOffsets("a", 1, "e1", KEEP);
    await histories.reserveOffsets("b", 1, "e1", KEEP);
    await it.table.putSubscriptions(agentOf("c1"), ["a", "c"]);
    const found = await histories.headsOfSubscribed("c1", ["a", "b", "c"]);
    expect([...found].map(([channel, head]) => [channel, head?.offset])).toEqual([
      ["a", 1],
      ["c", undefined],
    ]);
  });
});

describe("a claim", () => {
  const claim = { epoch: "e1", offset: 1, at: NOW, hash: "h" };

  test("is one publisher's, for the window, in one history", async () => {
    expect(await histories.claimed(ID)).toBeUndefined();
    expect(await histories.claim(ID, claim)).toBe(true);
    expect(await histories.claim(ID, { ...claim, offset: 2 })).toBe(false);
    expect(await histories.claimed(ID)).toEqual(claim);
    for (const other of [{ publisher: "bob" }, { uuid: "m2" }, { channel: "b" }])
      expect(await histories.claim({ ...ID, ...other }, claim)).toBe(true);
    expect(await histories.claim(ID, { ...claim, epoch: "e2" })).toBe(true);
    it.clock.advance(DEDUPE * 1000 - 1);
    expect(await histories.claim(ID, { ...claim, epoch: "e2" })).toBe(false);
    it.clock.advance(1);
    expect(await histories.claim(ID, { ...claim, epoch: "e2" })).toBe(true);
  });

  test("moves to another offset for one of those who want that", async () => {
    await histories.claim(ID, claim);
    const moved = await Promise.all([2, 3, 4].map((offset) => histories.reclaim(ID, { ...claim, offset }, claim)));
    expect(moved.filter(Boolean)).toHaveLength(1);
    expect((await histories.claimed(ID))?.offset).toBe(2 + moved.indexOf(true));
    expect(await histories.reclaim({ ...ID, uuid: "never" }, claim, claim)).toBe(false);
  });
});

describe("an offset", () => {
  const message = (data: Json) => ({ uuid: "m1", data });

  test("is a message's, or sealed, whichever comes first", async () => {
    expect(await histories.put("a", "e1", { offset: 1, at: NOW, message: message("größe") }, KEEP)).toBe(true);
    expect(await histories.put("a", "e1", { offset: 1, at: NOW + 1 }, KEEP)).toBe(false);
    expect(await histories.put("a", "e1", { offset: 2, at: NOW }, KEEP)).toBe(true);
    expect(await histories.put("a", "e1", { offset: 2, at: NOW, message: message(1) }, KEEP)).toBe(false);
    expect(await histories.row("a", "e1", 1)).toEqual({ offset: 1, at: NOW, message: message("größe") });
    expect(await histories.row("a", "e1", 2)).toEqual({ offset: 2, at: NOW });
    expect(await histories.row("a", "e2", 1)).toBeUndefined();
    expect((await it.rows()).map(({ ttl }) => ttl?.N)).toEqual(
      [0, 0].map(() => String(NOW / 1000 + KEEP.seconds + HISTORY_MARGIN_SECONDS)),
    );
  });

  test("is read in the order of numbers, as many as are wanted", async () => {
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
  "%s is a busy channel, where something is written",
  async (name) => {
    it.intercept = async () => {
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
  for (const { name, input } of it.sent) {
    const asked = name === "BatchGetItem" ? (input["RequestItems"] as Record<string, unknown>)[it.name] : input;
    expect(asked).toMatchObject({ ConsistentRead: true });
  }
});

describe("what it costs, as the engine bills it", () => {
  const channel = `kept/${"x".repeat(MAX_CHANNEL_LENGTH - 5)}`;
  const publisher = "p".repeat(22);
  const settings = { ...DEFAULT_SETTINGS, channels: { "kept/*": { history: KEEP } } };
  const uuid = (at: number): string => `${at}`.padEnd(22, "u");
  const store = (...messages: { uuid: string; data: Json }[]) => {
    const submissions = messages.map((one) => ({
      own: { channel, ...one },
      publications: [{ message: { channel, ...one } }],
    }));
    return it.cost(() => persistHistory({ histories, settings, clock: it.clock }, publisher, submissions));
  };

  test("three write units a publication while what is stored is at most 1 KB, however long its channel's name is", async () => {
    expect(await store({ uuid: uuid(1), data: "x".repeat(700) })).toEqual({
      commands: ["UpdateItem", "PutItem", "PutItem"],
      read: 0,
      written: 3,
    });
    const stored = (await it.rows()).find(({ pk }) => pk?.S?.startsWith("m#"));
    expect(itemSize(stored!)).toBeGreaterThan(900);
    expect(itemSize(stored!)).toBeLessThanOrEqual(1_024);
    expect(await store({ uuid: uuid(2), data: "x".repeat(1_800) })).toMatchObject({ written: 4 });
  });

  test("less for a frame of several: their offsets are one unit", async () => {
    expect(await store(...[1, 2, 3].map((at) => ({ uuid: uuid(at), data: at })))).toMatchObject({
      written: 1 + 2 * 3,
      read: 0,
    });
  });

  test("a repetition costs four writes, two of which only ask, and two reads", async () => {
    await store({ uuid: uuid(1), data: 1 });
    const cost = await store({ uuid: uuid(1), data: 1 });
    expect(cost.commands).toEqual(["UpdateItem", "PutItem", "GetItem", "PutItem", "GetItem", "PutItem"]);
    // DynamoDB bills writes whose condition is not met, too; not every engine says so.
    expect(cost.written).toBeLessThanOrEqual(4);
  });

  test("a replay is one Query, a unit for each 4 KB", async () => {
    await store(...Array.from({ length: 20 }, (_, at) => ({ uuid: uuid(at), data: "x".repeat(200) })));
    const head = (await histories.heads([channel])).get(channel)!;
    const { epoch } = head;
    const cost = await it.cost(async () => {
      const page = await replayFrom(
        { histories, clock: it.clock },
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

test("who publishes at the same time on one channel gets different offsets, and readers find them all", async () => {
  const settings = { ...DEFAULT_SETTINGS, channels: { a: { history: KEEP } } };
  const one = (uuid: string) =>
    persistHistory({ histories, settings, clock: it.clock }, "ada", [
      { own: messageOf("a", 1, uuid), publications: [{ message: messageOf("a", 1, uuid) }] },
    ]);
  const uuids = Array.from({ length: 20 }, (_, at) => `m${at}`);
  await Promise.all(uuids.map(one));
  const head = (await histories.heads(["a"])).get("a")!;
  const { messages } = await replayFrom(
    { histories, clock: it.clock },
    { channel: "a", head, keep: KEEP },
    { epoch: head.epoch, offset: 0 },
    100,
  );
  expect(messages.map(({ offset }) => offset)).toEqual(uuids.map((_, at) => at + 1));
  expect(messages.map(({ message }) => message.uuid).sort()).toEqual([...uuids].sort());
});
