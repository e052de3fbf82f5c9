import { RENEWAL_SECONDS } from "../../../protocol/index.js";
import { EXPIRED } from "../../../lambdas/core/agent.js";
import { agentOf, NOW } from "../core/fakes.js";
import { testEngine, type TestTable } from "./test-table.js";

const engine = testEngine();
let it: TestTable;
beforeAll(engine.start, 60_000);
afterAll(engine.stop);
beforeEach(async () => {
  it = await engine.table();
});

describe("an agent that was not renewed", () => {
  const over = agentOf("over", { expiresAt: NOW - RENEWAL_SECONDS * 1000 });
  const last = agentOf("last", { expiresAt: NOW - RENEWAL_SECONDS * 1000 + 1_000 });
  beforeEach(async () => {
    for (const agent of [over, last]) {
      await it.table.putAgent(agent);
      await it.table.putSubscriptions(agent, ["a"]);
    }
  });

  test("is one for a minute more, and none from then on, whatever rows there still are", async () => {
    expect(await it.table.standing("last")).toEqual({ agent: last });
    expect(await it.table.standing("over")).toEqual({ denial: EXPIRED });
    expect([...(await it.table.agents(["over", "last"])).keys()]).toEqual(["last"]);
  });

  test("is found by publications as one that gets nothing and has to be told", async () => {
    const found = await it.table.subscribers(["a"]);
    expect(Object.fromEntries(found.map(({ connectionId, expired }) => [connectionId, expired]))).toEqual({ over: true, last: undefined });
  });
});
