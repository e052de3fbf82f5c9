import { agentItem, denialItem, standingOf } from "../../../lambdas/aws/items.js";
import { agentOf, NOW } from "../core/fakes.js";

describe("an agent's row", () => {
  test.each([undefined, null, "", 0, false, { user: "Ada" }, ["größe 🎉"]])("keeps credentials %j as they are", (credentials) => {
    const agent = agentOf("c1", credentials === undefined ? {} : { credentials });
    expect(standingOf("c1", agentItem(agent))).toEqual({ agent });
  });

  test("keeps __proto__ in credentials as data", () => {
    const credentials = JSON.parse('{"__proto__":{"admin":true}}') as { admin?: boolean };
    const read = standingOf("c1", agentItem(agentOf("c1", { credentials: credentials as never })));
    expect(JSON.stringify(read)).toContain('"__proto__":{"admin":true}');
  });

  test("is an agent's also if it looks like a denial", () => {
    const agent = agentOf("c1", { credentials: { k: "denied", d: "x" }, info: "denied" });
    expect(standingOf("c1", agentItem(agent))).toEqual({ agent });
  });
});

test("a denial's row keeps code and reason, an empty reason too", () => {
  for (const denial of [{ code: "denied", reason: "No." } as const, { code: "guard_failed", reason: "" } as const]) {
    expect(standingOf("c1", denialItem(NOW, NOW / 1000 + 60, denial))).toEqual({ denial });
  }
});

test("rows carry a time to live, in seconds, after what they are needed for", () => {
  expect(Number(agentItem(agentOf("c1"))["ttl"]?.N)).toBeGreaterThan(NOW / 1000 + 2 * 60 * 60 - 600);
  expect(Number(denialItem(NOW, NOW / 1000 + 60, { code: "denied", reason: "" })["ttl"]?.N)).toBeGreaterThan(NOW / 1000 + 60);
});
