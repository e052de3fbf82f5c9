import { LATENCY_MS, OWN_RECIPIENTS, RETRY_BUDGET_MS } from "../../../../tools/bench/scale/model.js";
import { simulatePublish } from "../../../../tools/bench/scale/publish.js";
import { DEFAULT_QUOTAS, QUOTA_INCREASES, type Quotas } from "../../../../tools/bench/scale/quotas.js";
import { simulateReconnect } from "../../../../tools/bench/scale/reconnect.js";

/** No quota binds, and no call takes CPU: only time passes. */
const UNLIMITED: Quotas = {
  ...DEFAULT_QUOTAS,
  requestsPerSecond: 1e12,
  requestBurst: 1e12,
  connectionsPerSecond: 1e12,
  throttling: { connect: { rateLimit: 1e12, burstLimit: 1e12 }, subscribe: { rateLimit: 1e12, burstLimit: 1e12 } },
  concurrency: 10_000,
  pollers: { first: 10_000, perMinute: 1, most: 10_000 },
  partitionReads: 1e12,
  partitionWrites: 1e12,
  tableReads: 1e12,
  tableWrites: 1e12,
};
const NO_CPU = { perPostMicros: 0, perRowMicros: 0, perEnqueueMicros: 0 };
const ONLY_POSTS = { ...LATENCY_MS, dynamoDb: 0, page: 0, queue: 0, poll: 0, invoke: 0, coldStart: 0 };

describe("a publication", () => {
  it.each([1, 64, 65, 640, OWN_RECIPIENTS])("to %d without quotas takes 10 ms for each 64", (subscribers) => {
    const { lastDeliveryMs } = simulatePublish(subscribers, UNLIMITED, { cpu: NO_CPU, latency: ONLY_POSTS });
    expect(lastDeliveryMs).toBeCloseTo(Math.ceil(subscribers / 64) * 10, 5);
  });

  it("with an enqueued rest takes as long as the publish function's part", () => {
    const { lastDeliveryMs, workers } = simulatePublish(50_000, UNLIMITED, { cpu: NO_CPU, latency: ONLY_POSTS });
    expect(lastDeliveryMs).toBeCloseTo(Math.ceil(OWN_RECIPIENTS / 64) * 10, 5);
    expect(workers).toBe(48);
  });

  it("limited only by CPU takes as long as its posts take CPU", () => {
    const { lastDeliveryMs } = simulatePublish(
      2_000,
      { ...UNLIMITED, memoryMb: 1_769 },
      { cpu: { ...NO_CPU, perPostMicros: 1_000 }, latency: { ...ONLY_POSTS, post: 0 } },
    );
    expect(lastDeliveryMs).toBeCloseTo(2_000, 0);
  });

  it("limited only by the account's rate takes as long beyond the burst", () => {
    const quotas = { ...UNLIMITED, requestsPerSecond: 10_000, requestBurst: 500 };
    const { lastDeliveryMs, delivered } = simulatePublish(20_000, quotas, { cpu: NO_CPU, latency: ONLY_POSTS });
    expect(delivered).toBe(20_000);
    // Never faster; slower by what one is tried in vain for at most, and by chance, while the bucket may be full.
    expect(lastDeliveryMs).toBeGreaterThanOrEqual((20_000 - 500) / 10 - 1);
    expect(lastDeliveryMs).toBeLessThan(1_950 + RETRY_BUDGET_MS.worker);
  });

  it("limited only by read units is read faster from more partitions", () => {
    const quotas = { ...UNLIMITED, partitionReads: 300 };
    const one = simulatePublish(100_000, quotas, { cpu: NO_CPU, latency: ONLY_POSTS });
    // 100,000 rows of 110 bytes are 2,686 units, of which 300 are there to begin with.
    expect(one.used.readUnits).toBe(2_686);
    expect(one.lastDeliveryMs).toBeGreaterThan(((2_686 - 300 - 256) / 300) * 1_000);
    const ten = simulatePublish(100_000, QUOTA_INCREASES.partition(quotas, 10), { cpu: NO_CPU, latency: ONLY_POSTS });
    expect(ten.lastDeliveryMs).toBeLessThan(one.lastDeliveryMs / 5);
  });

  it("reaches or closes each subscriber once, deterministically, within the available tokens", () => {
    const runs = [1, 1, 2].map((seed) => simulatePublish(60_000, DEFAULT_QUOTAS, { seed }));
    expect(runs[1]).toEqual(runs[0]);
    expect(runs[2]!.lastDeliveryMs).not.toBe(runs[0]!.lastDeliveryMs);
    for (const { delivered, closed, used, lastDeliveryMs } of runs) {
      expect(delivered + closed).toBe(60_000);
      expect(used.messages).toBe(delivered + 2);
      expect(delivered).toBeLessThanOrEqual(5_000 + 10 * lastDeliveryMs);
    }
  });

  it("costs what it uses", () => {
    const { usd, used } = simulatePublish(100, DEFAULT_QUOTAS);
    expect(used).toMatchObject({ messages: 102, invocations: 1, readUnits: 3, writeUnits: 0, queueRequests: 0 });
    expect(usd).toBeCloseTo((102 + 0.2 + 3 * 0.125) / 1e6 + used.gbSeconds * 0.0000133334, 12);
  });
});

describe("a loss of all connections", () => {
  it("without quotas ends after the SDK's first wait, handshake and subscription", () => {
    const { lastBackMs, refused } = simulateReconnect(1_000, UNLIMITED);
    expect(refused).toEqual({ connects: 0, subscribes: 0, departures: 0 });
    expect(lastBackMs).toBeGreaterThan(1_150);
    expect(lastBackMs).toBeLessThan(1_000 + 150 + 5 + 50 + 25 + 10);
  });

  it("takes at least the account's connection time, and every client reconnects", () => {
    const quotas = { ...UNLIMITED, connectionsPerSecond: 500 };
    const { lastBackMs, back } = simulateReconnect(50_000, quotas);
    expect(back).toBe(50_000);
    expect(lastBackMs).toBeGreaterThan(((50_000 - 500) / 500) * 1_000);
    // The last ones come when they have waited: up to 30 s.
    expect(lastBackMs).toBeLessThan(1.1 * 99_000 + 30_000);
  });

  it("takes as long with the construct's own throttle, whatever the account permits", () => {
    const throttling = { ...UNLIMITED.throttling, connect: { rateLimit: 400, burstLimit: 800 } };
    const { lastBackMs } = simulateReconnect(50_000, { ...UNLIMITED, throttling });
    expect(lastBackMs).toBeGreaterThan(((50_000 - 800) / 400) * 1_000);
    expect(
      simulateReconnect(50_000, QUOTA_INCREASES.connectionsPerSecond({ ...UNLIMITED, throttling }, 10)).lastBackMs,
    ).toBeLessThan(lastBackMs / 3);
  });

  it("is the same for the same seed", () => {
    expect(simulateReconnect(2_000, DEFAULT_QUOTAS)).toEqual(simulateReconnect(2_000, DEFAULT_QUOTAS));
  });

  it("simulated with fewer connections that stand for several comes to the same", () => {
    const quotas = QUOTA_INCREASES.connectionsPerSecond(DEFAULT_QUOTAS, 2);
    const exact = simulateReconnect(50_000, quotas);
    const scaled = simulateReconnect(500_000, {
      ...quotas,
      throttling: QUOTA_INCREASES["throttling.subscribe"](QUOTA_INCREASES.connectionsPerSecond(quotas, 10), 10)
        .throttling,
      requestsPerSecond: 1e5,
      requestBurst: 5e4,
      connectionsPerSecond: 1e4,
      concurrency: 1e4,
      partitionWrites: 1e4,
      tableWrites: 4e4,
    });
    expect(scaled.lastBackMs).toBe(exact.lastBackMs);
    expect(scaled.usd).toBeCloseTo(10 * exact.usd, 6);
  });
});

test("connections of a burst are rotated at the pace of their opening", () => {
  const { openedAt } = simulateReconnect(20_000, DEFAULT_QUOTAS);
  const again = simulateReconnect(20_000, DEFAULT_QUOTAS, { lostAt: openedAt, noticedMs: [0, 1], seed: 2 });
  expect(again.awayMs.p99).toBeLessThan(2_000);
  expect(again.refused.connects).toBeLessThan(500);
});
