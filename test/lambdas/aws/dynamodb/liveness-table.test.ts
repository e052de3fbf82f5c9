import { LIVENESS_SHARDS, type LiveConnection, type Liveness } from "../../../../lambdas/presence/liveness.js";
import { NOW } from "../../support/fakes.js";
import { ADA, ada, usePresenceTables } from "./presence-tables-system.js";

const setUp = usePresenceTables();

describe("the liveness of a connection", () => {
  const all = async (liveness: Liveness): Promise<LiveConnection[]> => {
    const found: LiveConnection[] = [];
    for (let shard = 0; shard < LIVENESS_SHARDS; shard += 1)
      for await (const page of liveness.ofShard(shard)) found.push(...page);
    return found;
  };

  test("begins with its first membership and ends with its agent", async () => {
    const { table, liveness } = await setUp();
    await table.putSubscriptions(ada, ["plain"]);
    expect(await all(liveness)).toEqual([]);
    await table.putSubscriptions(ada, ["rooms/1"]);
    expect(await all(liveness)).toEqual([{ connectionId: "c1", heartbeatAt: NOW }]);
    expect(await liveness.memberPlace("c1")).toBe(ADA);
    await table.deleteSubscriptions("c1", ["rooms/1"], "own last");
    await table.endPresence("c1");
    expect(await all(liveness)).toEqual([]);
    expect(await liveness.renew("c1", NOW)).toBe(false);
  });

  test("is renewed by heartbeats until it is found silent", async () => {
    const { liveness } = await setUp();
    await liveness.begin(ada, NOW);
    expect(await liveness.renew("c1", NOW + 1)).toBe(true);
    expect(await liveness.markSilent({ connectionId: "c1", heartbeatAt: NOW }, NOW + 2)).toBe(false);
    const [found] = await all(liveness);
    expect(await liveness.markSilent(found!, NOW + 2)).toBe(true);
    expect(await liveness.renew("c1", NOW + 3)).toBe(false);
    expect(await all(liveness)).toEqual([{ connectionId: "c1", heartbeatAt: NOW + 1, silentSince: NOW + 2 }]);
    await liveness.begin(ada, NOW + 4);
    await liveness.endSilent("c1");
    expect(await all(liveness)).toEqual([{ connectionId: "c1", heartbeatAt: NOW + 4 }]);
  });
});
