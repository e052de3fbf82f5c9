import { PENDING_MS } from "../../../lambdas/history/history.js";
import type { GuardPort } from "../../../lambdas/ports.js";
import { DEFAULT_SETTINGS } from "../../../lambdas/settings.js";
import { NOW } from "../support/fakes.js";
import { at, offsets, setUp } from "./history-replies-fixture.js";

describe("the reply to a subscription with last", () => {
  test("has the newest messages, oldest first", async () => {
    const { ask } = await setUp({ "kept/1": 7, "kept/2": 2 }, { latest: true });
    const messages = (...listed: number[]) =>
      listed.map((offset) => ({ uuid: `m${offset}`, data: "x", at: NOW, offset }));
    const historyCheckIntervalMs = DEFAULT_SETTINGS.checkMs;
    expect(
      await ask({ channel: "kept/1", last: 3 }, { channel: "kept/2", last: 3 }, { channel: "kept/new", last: 3 }),
    ).toEqual([
      { channel: "kept/1", position: at(7), messages: messages(5, 6, 7), older: true, historyCheckIntervalMs },
      { channel: "kept/2", position: at(2), messages: messages(1, 2), historyCheckIntervalMs },
      { channel: "kept/new", position: expect.objectContaining({ offset: 0 }), historyCheckIntervalMs },
    ]);
  });

  test("leaves out the oldest messages if they do not fit", async () => {
    const { ask, read } = await setUp({ "kept/1": 60, "kept/2": 60 }, { bytes: 900 });
    const [first, second] = await ask({ channel: "kept/1", last: 50 }, { channel: "kept/2", last: 50 });
    const got = offsets(first!);
    expect(got.length).toBeGreaterThan(30);
    expect(got).toEqual(Array.from({ length: got.length }, (_, index) => 60 - got.length + 1 + index));
    expect(first).toMatchObject({ position: at(60), older: true });
    expect(first).not.toHaveProperty("more");
    expect(second).toMatchObject({ position: at(60), older: true });
    expect(offsets(second!).length).toBeLessThan(3);
    const before = await read({ channel: "kept/1", reverse: true, since: at(got[0]!), limit: 2 });
    expect(offsets(before)).toEqual([got[0]! - 1, got[0]! - 2]);
  });

  test("with since too has them only if since cannot recover", async () => {
    const { ask } = await setUp({ "kept/1": 7 });
    const [replay] = await ask({ channel: "kept/1", since: at(5), last: 5 });
    expect(replay).toMatchObject({ recovered: true, position: at(7) });
    expect(offsets(replay!)).toEqual([6, 7]);
    const [lost] = await ask({ channel: "kept/1", since: { epoch: "e0", offset: 1 }, last: 3 });
    expect(lost).toMatchObject({ recovered: false, code: "epoch_changed", position: at(7), older: true });
    expect(offsets(lost!)).toEqual([5, 6, 7]);
  });

  test("leaves out withheld messages, and undecided ones for history", async () => {
    let left = 3;
    const delivery: GuardPort["delivery"] = async (_agent, message) =>
      (left -= 1) < 0 ? "late" : message.uuid === "m4" ? undefined : message;
    const { ask } = await setUp({ "kept/1": 7 }, { guards: { guardsDelivery: async () => true, delivery } });
    const [first] = await ask({ channel: "kept/1", last: 5 });
    expect(first).toMatchObject({ position: at(5), more: true, older: true });
    expect(offsets(first!)).toEqual([3, 5]);
    left = 9;
    expect(offsets((await ask({ channel: "kept/1", last: 5 }))[0]!)).toEqual([3, 5, 6, 7]);
  });

  test("waits for a pending offset", async () => {
    const { ask, histories } = await setUp({ "kept/1": 7 });
    histories.rowsOf("kept/1").delete(6);
    const [reply] = await ask({ channel: "kept/1", last: 3 });
    expect(reply).toMatchObject({ position: at(5), pendingMs: PENDING_MS, older: true });
    expect(offsets(reply!)).toEqual([5]);
  });
});
