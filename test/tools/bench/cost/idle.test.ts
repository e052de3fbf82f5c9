import { join } from "node:path";
import {
  idleCost,
  idleCosts,
  idleUnits,
  idleUsd,
  METERED_AGENTS,
  monthCost,
} from "../../../../tools/bench/cost/idle.js";
import { meterIdle } from "../../../../tools/bench/cost/metered-idle.js";

const ROOT = join(__dirname, "../../../..");

/** How far the model's costs may be from the meter's. */
const TOLERANCE = 0.03;

/** The most that an idle member may cost for each dollar of its connection's minutes. */
const GOAL = 1.5;

describe("an idle agent", () => {
  it("costs at most 1.5 times its connection's minutes", () => {
    for (const each of idleCosts([])) expect(each.ratio).toBeLessThanOrEqual(GOAL);
    expect(idleCosts([]).map(({ ratio }) => ratio)).toEqual(
      idleCosts([])
        .map(({ ratio }) => ratio)
        .sort((one, other) => one - other),
    );
  });

  it("has a month's price next to AppSync Events", () => {
    const [, , , both] = idleCosts([]);
    expect(monthCost(both!).appSyncEvents).toBeCloseTo(11.52, 2);
    expect(monthCost(both!).pushIt).toBeCloseTo(2.4 * (both!.idleUsd + 15), 1);
  });

  it("costs what the model says, within 3 % of the meter", async () => {
    const metered = await meterIdle(ROOT);
    expect(metered).toHaveLength(4);
    for (const { kind, units } of metered) {
      const load = { kind, agents: METERED_AGENTS, perChannel: METERED_AGENTS };
      const [actual, modelled] = [idleUsd(load, units), idleUsd(load, idleUnits(load))];
      const { gbSeconds: _time, ...counts } = units.heartbeat;
      expect({ kind, ...counts }).toEqual({
        kind,
        ...counts,
        ...{ ...idleUnits(load).heartbeat, gbSeconds: undefined, ...counts },
      });
      const off = Math.abs(modelled / actual - 1);
      if (off >= TOLERANCE)
        throw new Error(`${kind}: metered ${actual}, modelled ${modelled}, ${JSON.stringify(units)}`);
    }
    for (const each of idleCosts(metered)) expect(each.ratio).toBeLessThanOrEqual(GOAL);
    expect(idleCost({ kind: "presence", agents: 10_000, perChannel: 100 }).basis).toBe("modelled");
  }, 300_000);
});
