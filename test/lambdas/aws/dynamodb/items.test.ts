import {
  agentEndOf,
  agentItem,
  denialItem,
  expiresAtOf,
  registrationItem,
  connectionRecordOf,
  subscriberOf,
  subscriptionEndOf,
  subscriptionItem,
  text,
} from "../../../../lambdas/aws/dynamodb/items.js";
import { expiryOf } from "../../../../lambdas/connection/agent.js";
import { agentOf, NOW } from "../../support/fakes.js";

describe("an agent's row", () => {
  test.each([undefined, null, "", 0, false, { user: "Ada" }, ["größe 🎉"]])(
    "keeps credentials %j unchanged",
    (credentials) => {
      const agent = agentOf("c1", credentials === undefined ? {} : { credentials });
      expect(connectionRecordOf("c1", agentItem(agent))).toEqual({ agent });
    },
  );

  test("keeps __proto__ in credentials as data", () => {
    const credentials = JSON.parse('{"__proto__":{"admin":true}}') as { admin?: boolean };
    const read = connectionRecordOf("c1", agentItem(agentOf("c1", { credentials: credentials as never })));
    expect(JSON.stringify(read)).toContain('"__proto__":{"admin":true}');
  });

  test("is an agent even if its values look like a denial", () => {
    const agent = agentOf("c1", { credentials: { k: "denied", d: "x" }, info: "denied" });
    expect(connectionRecordOf("c1", agentItem(agent))).toEqual({ agent });
  });
});

test("a denial's row keeps its code and reason, even an empty one", () => {
  for (const denial of [{ code: "denied", reason: "No." } as const, { code: "guard_failed", reason: "" } as const]) {
    expect(connectionRecordOf("c1", denialItem(NOW, NOW / 1000 + 60, denial))).toEqual({ denial });
  }
});

test("rows carry a time to live, in seconds, after their last use", () => {
  expect(Number(agentItem(agentOf("c1"))["ttl"]?.N)).toBeGreaterThan(NOW / 1000 + 2 * 60 * 60 - 600);
  expect(Number(denialItem(NOW, NOW / 1000 + 60, { code: "denied", reason: "" })["ttl"]?.N)).toBeGreaterThan(
    NOW / 1000 + 60,
  );
});

describe("the rows of a subscription", () => {
  const at = (lifetime: { connectedAt: number; expiresAt?: number }, now: number) =>
    subscriberOf({ ...subscriptionItem(lifetime), sk: text("c1") }, now / 1000);
  const connectedAt = NOW - 600_000;
  const never = { connectedAt };
  const soon = { connectedAt, expiresAt: NOW + 10_000 };
  const subscriber = { connectionId: "c1", connectedAt };

  test("hold when the connection began, with or without an expiry", () => {
    expect(at(never, NOW)).toEqual(subscriber);
    expect(at(soon, NOW)).toEqual(subscriber);
  });

  test("have an attribute more only if the agent expires before its connection", () => {
    expect(Object.keys(subscriptionItem(never))).toEqual(["ttl"]);
    expect(Object.keys(subscriptionItem(soon))).toEqual(["ttl", "e"]);
    expect(Object.keys(subscriptionItem({ connectedAt, expiresAt: NOW + 1e9 }))).toEqual(["ttl"]);
  });

  test("count until exactly 60 seconds after the agent's expiry", () => {
    expect(at(soon, NOW + 69_999)).toEqual(subscriber);
    expect(at(soon, NOW + 70_000)).toEqual({ ...subscriber, expired: true });
  });

  test("do not count once API Gateway must have closed the connection", () => {
    const gone = (expiryOf(connectedAt) + 1) * 1000;
    expect(at(never, gone)).toBeUndefined();
    expect(at(soon, gone)).toBeUndefined();
  });

  // Those two rows are kept for the sweep.
  test("have the same end as the agent's row and its registration", () => {
    const agent = agentOf("c1", soon);
    expect(agentEndOf(agentItem(agent))).toBe(subscriptionEndOf(subscriptionItem(agent)));
    expect(registrationItem(agent)["ttl"]).toEqual(agentItem(agent)["ttl"]);
    expect(Object.keys(registrationItem(agentOf("c1")))).toEqual(["ttl"]);
    expect(registrationItem(agent)).toHaveProperty("e");
  });
});

test("an agent's row keeps its user id and its expiry", () => {
  const agent = agentOf("c1", { userId: "größe 🎉", expiresAt: NOW + 1 });
  expect(connectionRecordOf("c1", agentItem(agent))).toEqual({ agent });
  expect(expiresAtOf(agentItem(agent))).toBe(NOW + 1);
  expect(expiresAtOf(agentItem(agentOf("c1")))).toBeUndefined();
});
