import { join } from "node:path";
import { fanout, measureFanOut } from "../../../../tools/bench/fanout/fanout.js";
import { DELIVERY_METHODS } from "../../../../tools/bench/fanout/delivery-methods.js";

test("fanout: every way reaches every subscriber, and is measured", async () => {
  const shares: number[] = [];
  const context = { root: join(__dirname, "../../../.."), progress: (share: number) => shares.push(share) };
  const results = await measureFanOut(
    context,
    new Map([
      [20, 1],
      [70, 2],
    ]),
  );
  expect(results.map(({ subscribers }) => subscribers)).toEqual([20, 70]);
  for (const result of results) {
    for (const path of DELIVERY_METHODS) {
      expect(result[path].deliveriesPerSecond).toBeGreaterThan(0);
      expect(result[path].cpuMicrosPerDelivery).toBeGreaterThan(0);
      expect(result[path].lastDeliveryMs).toBeGreaterThanOrEqual(result[path].readMs);
    }
  }
  expect(shares.at(-1)).toBeCloseTo(1);
  expect(fanout.table(results)).toContain("| 70 | Push-It's fan-out |");
  expect(fanout.charts?.(results)[0]?.svg).toContain(">70 subscribers</text>");
}, 600_000);
