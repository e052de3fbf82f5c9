import { AsyncLocalStorage } from "node:async_hooks";
import { addSubscriptions, removeSubscriptions } from "../../../../lambdas/subscriptions/subscriptions.js";
import { subscribersOf } from "../../../../lambdas/delivery/recipients.js";
import { DEFAULT_SETTINGS } from "../../../../lambdas/settings.js";
import { agentOf } from "../../support/fakes.js";
import { type TestTable, useTables } from "../../support/test-table.js";

/*
 * A subscription is two rows: the agent's own, and the channel's. Each command of a subscription and of an unsubscription
 * may come before or after each of the other's. Both are run here in all orders.
 */

let it: TestTable;
useTables((table) => (it = table));

const agent = agentOf("c1");

const system = () => ({ store: it.table, settings: DEFAULT_SETTINGS });

/** Runs two pieces of work, whose commands come in the given order. */
const interleaved = async (
  order: readonly (0 | 1)[],
  works: readonly [() => Promise<unknown>, () => Promise<unknown>],
): Promise<void> => {
  const running = new AsyncLocalStorage<0 | 1>();
  const waiting: [(() => void)[], (() => void)[]] = [[], []];
  const left = [...order];
  const ended: [boolean, boolean] = [false, false];
  /** Lets the next one go whose turn it is, if it waits already. */
  const pass = (): void => {
    while (left.length > 0 && ended[left[0]!]) left.shift();
    const next = left[0] ?? (ended[0] ? 1 : 0);
    const go = waiting[next].shift();
    if (!go) return;
    left.shift();
    go();
  };
  it.intercept = async (_name, input, next) => {
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
  it.intercept = undefined;
};

/** All orders of four commands of one and four of the other: both write twice and read once or twice. */
const orders = (zeros: number, ones: number): (0 | 1)[][] => {
  if (zeros === 0) return [Array.from({ length: ones }, () => 1 as const)];
  if (ones === 0) return [Array.from({ length: zeros }, () => 0 as const)];
  return [
    ...orders(zeros - 1, ones).map((rest): (0 | 1)[] => [0, ...rest]),
    ...orders(zeros, ones - 1).map((rest): (0 | 1)[] => [1, ...rest]),
  ];
};

describe.each([true, false])("a subscription and an unsubscription at once (subscribed before: %s)", (before) => {
  test.each(orders(4, 3).map((order) => [order.join(""), order] as const))("%s", async (_, order) => {
    await it.table.putAgent(agent);
    if (before) await addSubscriptions(system(), agent, [["x"]]);
    let outcome: string | undefined;
    let stays: string[] = [];
    await interleaved(order, [
      async () => ([outcome] = await addSubscriptions(system(), agent, [["x"]], true)),
      async () => (stays = await removeSubscriptions(system(), agent, ["x"])),
    ]);
    const { channels } = await it.table.connectionSubscriptions("c1");
    const heard = (await subscribersOf(it.table, "x")).length > 0;
    // Both rows or none: an agent hears the channel exactly if its own rows say so.
    expect(channels.includes("x")).toBe(heard);
    // Who was told last that it is subscribed, or that it is not, was told the truth, or to ask again.
    if (!heard) expect([outcome === "unavailable" || outcome === "done", stays]).toEqual([true, []]);
    if (heard && stays.length === 0) expect(outcome).toBe("done");
    if (stays.length > 0) expect(heard).toBe(true);
  });
});
