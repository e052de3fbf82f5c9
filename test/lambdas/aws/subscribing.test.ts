import { addSubscriptions } from "../../../lambdas/core/subscriptions.js";
import { subscribersOf } from "../../../lambdas/core/recipients.js";
import { DEFAULT_SETTINGS } from "../../../lambdas/settings.js";
import { agentOf } from "../core/fakes.js";
import { type TestTable, useTables } from "./test-table.js";

/*
 * A subscription is two rows, and a batch writes its rows in whatever order: what else happens may come in between.
 */

let it: TestTable;
useTables((table) => (it = table));

const agent = agentOf("c1");

interface Put {
  PutRequest: { Item: { pk: { S: string } } };
}

/** Lets something happen when one of the two rows has been written: the agent's own, or the channel's. */
const between = (first: "a#" | "c#", happens: () => Promise<unknown>): void => {
  it.intercept = async (name, input, next) => {
    const [[table, requests] = ["", []]] = Object.entries((input["RequestItems"] ?? {}) as Record<string, Put[]>);
    if (name !== "BatchWriteItem" || !requests[0]?.PutRequest) return next(input);
    it.intercept = undefined;
    const isFirst = ({ PutRequest }: Put): boolean => PutRequest.Item.pk.S.startsWith(first);
    await next({ ...input, RequestItems: { [table]: requests.filter(isFirst) } });
    await happens();
    return next({ ...input, RequestItems: { [table]: requests.filter((put) => !isFirst(put)) } });
  };
};

describe.each(["a#", "c#"] as const)("an unsubscription between the two rows of a subscription (%s first)", (first) => {
  test.each([true, false])("leaves both or none, and says that it is there only where it is (confirmed: %s)", async (confirm) => {
    await it.table.putAgent(agent);
    between(first, () => it.table.deleteSubscriptions("c1", ["x"]));
    const outcomes = await addSubscriptions({ store: it.table, settings: DEFAULT_SETTINGS }, agent, [["x"], ["y"]], confirm);
    const { channels } = await it.table.holdings("c1");
    const subscribed = (await subscribersOf(it.table, "x")).length > 0;
    expect(first === "c#" || !subscribed).toBe(true);
    if (!channels.includes("x")) expect(subscribed).toBe(false);
    if (confirm && !channels.includes("x")) expect(outcomes).toEqual(["unavailable", "done"]);
    expect(channels).toContain("y");
  });
});
