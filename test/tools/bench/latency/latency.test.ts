import { join } from "node:path";
import { latency, measureLatency } from "../../../../tools/bench/latency/latency.js";

const ROOT = join(__dirname, "../../../..");

test("latency: every publication arrives, and the emulation's parts are distinguished", async () => {
  const shares: number[] = [];
  const context = { root: ROOT, progress: (share: number) => shares.push(share) };
  // Far above what any machine does: the last rate is where it ends. A busy machine may be slow at any rate.
  const saturation = { minAchievedShare: 0, maxMedianMs: Infinity };
  const plan = { rates: [5, 20_000, 30_000], seconds: 1, subscribers: 2, probes: 5, saturation };
  const result = await measureLatency(context, plan);
  const { emulationMs, rates, saturatedAt } = result;
  expect(rates.map(({ perSecond }) => perSecond)).toEqual([5, 20_000]);
  expect(saturatedAt).toBe(20_000);
  expect(rates[0]).toMatchObject({ published: 5, failed: {}, missing: 0 });
  for (const { received, acknowledged, complete } of rates) {
    expect(received.p50).toBeGreaterThan(0);
    expect(complete.p99).toBeGreaterThanOrEqual(received.p50);
    expect(acknowledged.p99).toBeGreaterThanOrEqual(acknowledged.p50);
  }
  // Messages that are refused at once because the queue is full are counted, and do not count as missing.
  expect(rates[1]?.failed["queue_full"]).toBeGreaterThan(0);
  expect(rates[1]?.missing).toBe(0);
  const { gateway, invoke, query, post, total, received } = emulationMs;
  for (const part of [gateway, invoke, query, post]) expect(part).toBeGreaterThan(0);
  expect(total).toBeCloseTo(gateway + invoke + query + post, 1);
  expect(received).toBeGreaterThan(0);
  expect(shares.at(-1)).toBe(1);
  expect(latency.table(result)).toMatch(/loopback: no TLS/);
  expect(latency.charts?.(result)[0]?.svg).toContain("without TLS");
}, 600_000);
