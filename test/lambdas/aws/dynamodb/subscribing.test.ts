import { AsyncLocalStorage } from "node:async_hooks";
import { addSubscriptions, removeSubscriptions } from "../../../../lambdas/subscriptions/subscriptions.js";
import { subscribersOf } from "../../../../lambdas/delivery/recipients.js";
import { DEFAULT_SETTINGS } from "../../../../lambdas/settings.js";
import { agentOf } from "../../support/fakes.js";
import { type TestTable, useTables } from "../../support/test-table.js";

/* A subscription is two rows: the agent's own, and the channel's. Each command of a subscription may come before or after each command of an unsubscription. The tests run all orders. */

let testTable: TestTable;
useTables((table) => (testTable = table));

const agent = agentOf("c1");

const system = () => ({ store: testTable.table, settings: DEFAULT_SETTINGS });

/** Runs two pieces of work, with their commands in the given order. */
const interleaved = async (
  order: readonly (0 | 1)[],
  works: readonly [() => Promise<unknown>, () => Promise<unknown>],
): Promise<void> => {
  const running = new AsyncLocalStorage<0 | 1>();
  const waiting: [(() => void)[], (() => void)[]] = [[], []];
  const left = [...order];
  const ended: [boolean, boolean] = [false, false];
  /** Lets the next command run if it waits already. */
  const pass = (): void => {
    while (left.length > 0 && ended[left[0]!]) left.shift();
    const next = left[0] ?? (ended[0] ? 1 : 0);
    const go = waiting[next].shift();
    if (!go) return;
    left.shift();
    go();
  };
  testTable.intercept = async (_name, input, next) => {
    const mine = running.getStore() ?? 0;
    await new Promise<void>((resolve) => {
      waiting[mine].push(resolve);
      pass();
    });
    return next(input);
  };
  const begin = async (which: 0 | 1): Promise<void> => {
    await running.run(which, works[which]);
    ended[which] = true;
    pass();
  };
  await Promise.all([begin(0), begin(1)]);
  testTable.intercept = undefined;
};

/** All orders of the commands of both: each writes twice, and reads once or twice. */
const orders = (zeros: number, ones: number): (0 | 1)[][] => {
  if (zeros === 0) return [Array.from({ length: ones }, () => 1 as const)];
  if (ones === 0) return [Array.from({ length: zeros }, () => 0 as const)];
  return [
    ...orders(zeros - 1, ones).map((rest): (0 | 1)[] => [0, ...rest]),
    ...orders(zeros, ones - 1).map((rest): (0 | 1)[] => [1, ...rest]),
  ];
};

describe.each([true, false])("concurrent subscription and unsubscription (subscribed before: %s)", (before) => {
  test.each(orders(4, 3).map((order) => [order.join(""), order] as const))(
    "leave consistent rows in the order %s",
    async (_, order) => {
      await testTable.table.putAgent(agent);
      const wishes = new Map([["x", false]]);
      if (before) await addSubscriptions(system(), agent, [["x"]], true, wishes);
      let outcome: string | undefined;
      let stays: string[] = [];
      await interleaved(order, [
        async () => ([outcome] = await addSubscriptions(system(), agent, [["x"]], true, wishes)),
        async () => (stays = await removeSubscriptions(system(), agent, ["x"])),
      ]);
      const { channels, observed = [] } = await testTable.table.connectionSubscriptions("c1");
      const receives = (await subscribersOf(testTable.table, "x")).length > 0;
      // Both rows or none: an agent receives the channel's messages exactly if its own rows list the channel.
      expect(channels.includes("x")).toBe(receives);
      // Whichever request wrote the rows last, the agent still only observes the channel.
      expect(observed).toEqual(channels);
      // The last reply is true, or asks the client to retry.
      if (!receives) expect([outcome === "unavailable" || outcome === "done", stays]).toEqual([true, []]);
      if (receives && stays.length === 0) expect(outcome).toBe("done");
      if (stays.length > 0) expect(receives).toBe(true);
    },
  );
});
