import { Meta } from "../../../protocol/index.js";
import { EXPIRED } from "../../../lambdas/connection/agent.js";
import { MARGIN_MS } from "../../../infra/functions/budgets.js";
import { failure } from "../../../lambdas/requests/replies.js";
import {
  CLOSE_TIMEOUT_MS,
  closeExpired,
  NOTIFY_TIMEOUT_MS,
  notifyAndClose,
} from "../../../lambdas/connection/close-connection.js";
import { TestClock, TestConnections } from "../support/fakes.js";

const answer = failure(Meta.ping, "u1", "unknown_agent");

test("a connection without an agent is notified first, then closed", async () => {
  const steps: string[] = [];
  const connections = new TestConnections(new TestClock(), steps);
  connections.scripts.set("c1", () => {
    steps.push("post c1");
    return Promise.resolve("sent");
  });
  await notifyAndClose(connections, "c1", answer);
  expect(steps).toEqual(["post c1", "close c1"]);
  expect(connections.received("c1")).toEqual([answer]);
});

test.each(["busy", "failed", "gone", "refused"] as const)(
  "a connection is closed even if the post is %s",
  async (result) => {
    const connections = new TestConnections(new TestClock());
    connections.scripts.set("c1", [result]);
    await notifyAndClose(connections, "c1", answer);
    expect(connections.closed).toEqual(["c1"]);
  },
);

// A second is left for reading rows before.
test("the timeouts of post and close fit into the function's margin", async () => {
  expect(NOTIFY_TIMEOUT_MS + CLOSE_TIMEOUT_MS).toBeLessThanOrEqual(MARGIN_MS - 1_000);
  const within: unknown[] = [];
  const connections = {
    post: (_id: string, _frame: unknown, withinMs?: number) => (
      within.push(withinMs),
      Promise.resolve("sent" as const)
    ),
    close: (_id: string, withinMs?: number) => (within.push(withinMs), Promise.resolve(true)),
  };
  await notifyAndClose(connections, "c1", answer);
  expect(within).toEqual([NOTIFY_TIMEOUT_MS, CLOSE_TIMEOUT_MS]);
});

test("an agent that was not renewed is notified and closed", async () => {
  const connections = new TestConnections(new TestClock());
  await closeExpired(connections, "c1");
  expect(connections.received("c1")).toEqual([
    { channel: "/meta/refresh", successful: false, ...{ code: "expired", error: EXPIRED.reason } },
  ]);
  expect(connections.closed).toEqual(["c1"]);
});
