import { agentDetail, NO_EVENTS, withDisconnectEvents } from "../../../lambdas/server-api/server-events.js";
import { removeAgent } from "../../../lambdas/connection/remove-agent.js";
import { openGuards } from "../../../lambdas/guards/developer-guards.js";
import { agentOf } from "../support/fakes.js";
import { MemoryStore } from "../support/memory-store.js";

// It does not have the credentials.
test("a disconnect event is sent once, with the public info", async () => {
  const agent = agentOf("c1", { credentials: "secret", userId: "ada", info: "Ada" });
  const store = await new MemoryStore().with(agent, "a");
  const events: unknown[] = [];
  const guards = withDisconnectEvents(openGuards, { put: async (...event) => void events.push(event) });
  await Promise.all([1, 2, 3].map(() => removeAgent({ store, guards }, agent)));
  expect(events).toEqual([
    [
      "Agent Disconnected",
      { agent: "uuid-of-c1", connectionId: "c1", connectedAt: agent.connectedAt, userId: "ada", info: "Ada" },
    ],
  ]);
  expect(JSON.stringify(events)).not.toContain("secret");
});

test("guards with events get the same arguments, and keep unloaded()", async () => {
  const connection = jest.fn(openGuards.connection);
  const guards = withDisconnectEvents({ ...openGuards, connection, unloaded: () => true }, NO_EVENTS);
  await guards.connection(agentOf("c1"), false, { query: { room: "5" }, cookies: {} });
  expect(connection.mock.calls).toEqual([[agentOf("c1"), false, { query: { room: "5" }, cookies: {} }]]);
  expect(guards.unloaded()).toBe(true);
});

test("guards with events decide as before", async () => {
  const guards = withDisconnectEvents(openGuards, NO_EVENTS);
  const agent = agentOf("c1");
  const message = { channel: "a", uuid: "m1", data: 1 };
  expect(await guards.connection(agent)).toEqual(await openGuards.connection(agent));
  expect(await guards.subscription(agent, "a")).toEqual(await openGuards.subscription(agent, "a"));
  expect(await guards.unsubscription(agent, "a")).toEqual(await openGuards.unsubscription(agent, "a"));
  expect(await guards.publication(agent, message)).toEqual(await openGuards.publication(agent, message));
  expect(await guards.guardsDelivery("a")).toBe(false);
  expect(await guards.delivery(agent, message, 1)).toEqual(message);
});

test("an agent without a user or info has an event without them", () => {
  expect(Object.keys(agentDetail(agentOf("c1")))).toEqual(["agent", "connectionId", "connectedAt"]);
});
