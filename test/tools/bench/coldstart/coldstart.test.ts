import { statSync } from "node:fs";
import { join } from "node:path";
import { coldstart, measureColdStarts } from "../../../../tools/bench/coldstart/coldstart.js";
import { BARE_NODE, NODEJS_FUNCTION, GUARDED, UNBUNDLED } from "../../../../tools/bench/coldstart/candidates.js";
import { FUNCTION_NAMES } from "../../../../infra/functions/registry.js";

const ROOT = join(__dirname, "../../../..");

/** The publish function's bound: 240 KB. */
const PUBLISH_BYTES = 240 * 1024;

test("coldstart: measures every function, bare node and the SDK, with built sizes", async () => {
  const shares: number[] = [];
  const results = await measureColdStarts({ root: ROOT, progress: (share) => shares.push(share) }, 1);
  const names = results.map((each) => each.function);
  expect(new Set(names)).toEqual(new Set([...FUNCTION_NAMES, GUARDED, BARE_NODE, NODEJS_FUNCTION, UNBUNDLED]));
  const of = (name: string) => results.find((each) => each.function === name)!;
  expect(of("publish").bytes).toBe(statSync(join(ROOT, "dist/lambdas/publish/index.mjs")).size);
  expect(of("publish").bytes).toBeLessThanOrEqual(PUBLISH_BYTES);
  expect(of(GUARDED).bytes).toBeGreaterThan(of("publish").bytes);
  // The SDK is in the runtime, and all of it in the other.
  expect(of(NODEJS_FUNCTION).bytes).toBeLessThan(10 * 1024);
  expect(of(UNBUNDLED).bytes).toBeGreaterThan(2 ** 20);
  for (const { loadMs, medianMs, p95Ms } of results) {
    expect(loadMs).toBeGreaterThan(0);
    expect(medianMs).toBeGreaterThanOrEqual(loadMs);
    expect(p95Ms).toBeGreaterThanOrEqual(medianMs);
  }
  // Loading nothing is faster than loading something. A machine may stand still in either, so that one load
  // proves nothing: the quickest of some do.
  const quickest: Record<string, number> = {
    [BARE_NODE]: of(BARE_NODE).loadMs,
    [NODEJS_FUNCTION]: of(NODEJS_FUNCTION).loadMs,
  };
  for (let again = 0; again < 3 && quickest[BARE_NODE]! >= quickest[NODEJS_FUNCTION]!; again += 1) {
    const more = await measureColdStarts({ root: ROOT, progress: () => undefined }, 1);
    for (const { function: name, loadMs } of more)
      if (name in quickest) quickest[name] = Math.min(quickest[name]!, loadMs);
  }
  expect(quickest[BARE_NODE]).toBeLessThan(quickest[NODEJS_FUNCTION]!);
  expect(shares.at(-1)).toBe(1);
  expect(coldstart.table(results)).toContain(`| ${NODEJS_FUNCTION} |`);
  expect(coldstart.charts?.(results)[0]?.svg).toContain(">serverApi</text>");
}, 600_000);
