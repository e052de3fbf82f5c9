import {
  findMaxRate,
  maxHistoryRate,
  maxLingerRate,
  maxSubscribeRate,
} from "../../../../tools/bench/scale/max-rates.js";
import { simulate } from "../../../../tools/bench/scale/scenarios.js";
import { DEFAULT_QUOTAS, QUOTA_INCREASES } from "../../../../tools/bench/scale/quotas.js";
import { seeded } from "../../../../tools/lib/random.js";
import { TimingWheel } from "../../../../tools/bench/scale/timing-wheel.js";
import { TokenBucket } from "../../../../tools/bench/scale/token-bucket.js";
import { scale } from "../../../../tools/bench/scale/scale.js";

describe("the event queue", () => {
  it("returns events by time, then in planning order, around the wheel", () => {
    const wheel = new TimingWheel(6, 1, 10);
    [5, 3, 5, 9].forEach((at, entity) => wheel.plan(entity, at));
    const order = [wheel.next(), wheel.next()];
    wheel.plan(4, 12);
    order.push(wheel.next(), wheel.next(), wheel.next());
    expect(order).toEqual([1, 0, 2, 3, 4]);
    expect(wheel.now).toBe(12);
    expect(wheel.next()).toBe(-1);
  });

  it("is the same order that sorting gives, for many events", () => {
    const random = seeded(7);
    const wheel = new TimingWheel(500, 0.5, 1_000);
    const times = Array.from({ length: 500 }, () => Math.round(random() * 1_000) / 2);
    times.forEach((at, entity) => wheel.plan(entity, at));
    const order = times.map(() => wheel.next());
    expect(order).toEqual([...times.keys()].sort((a, b) => times[a]! - times[b]! || a - b));
  });

  it("refuses an entity's second event, the past and the far future", () => {
    const wheel = new TimingWheel(3, 1, 10);
    wheel.plan(0, 5);
    expect(() => wheel.plan(0, 6)).toThrow(RangeError);
    expect(() => wheel.plan(1, 50)).toThrow(RangeError);
    wheel.next();
    expect(() => wheel.plan(1, 4)).toThrow(RangeError);
  });
});

test("a token bucket grants its burst, then its rate, and never more", () => {
  const bucket = new TokenBucket(100, 5);
  let granted = 0;
  for (let ms = 0; ms <= 1_000; ms += 1) while (bucket.take(ms)) granted += 1;
  expect(granted).toBe(105);
  expect(bucket.granted).toBe(105);
  expect(bucket.refused).toBe(1_001);
});

describe("ceilings", () => {
  test("are found by halving", () => {
    expect(findMaxRate(1_000, (perSecond) => (perSecond <= 321 ? 7 : undefined)).perSecond).toBeGreaterThan(310);
    expect(findMaxRate(1_000, (perSecond) => (perSecond <= 321 ? 7 : undefined)).perSecond).toBeLessThanOrEqual(321);
  });

  test("of subscriptions: the route's throttle, the channel's partition, then the table", () => {
    expect(maxSubscribeRate(DEFAULT_QUOTAS).perSecond / 500).toBeCloseTo(1, 1);
    const letIn = QUOTA_INCREASES["throttling.subscribe"](DEFAULT_QUOTAS, 10);
    expect(maxSubscribeRate(letIn).perSecond / 1_000).toBeCloseTo(1, 1);
    expect(maxSubscribeRate(QUOTA_INCREASES.partition(letIn, 10)).perSecond / 2_000).toBeCloseTo(1, 1);
  });

  test("of publications with linger: two write units each, more for larger ones", () => {
    const lingering = { subscribers: 100, bytes: 170, lingerMs: 250 };
    expect(maxLingerRate(lingering, DEFAULT_QUOTAS).perSecond / 500).toBeCloseTo(1, 1);
    expect(maxLingerRate({ ...lingering, bytes: 8_200 }, DEFAULT_QUOTAS).perSecond).toBeLessThan(70);
  });

  test("of publications with history: a thousand a second up to 1 KB", () => {
    const of = (bytes: number, perFrame = 1): number => maxHistoryRate({ bytes, perFrame }, DEFAULT_QUOTAS).perSecond;
    expect(of(1_024) / 1_000).toBeCloseTo(1, 1);
    expect(of(1_024, 25) / 1_000).toBeCloseTo(1, 1);
    expect(of(2_048) / 500).toBeCloseTo(1, 1);
    expect(of(8_192)).toBeLessThan(135);
  });
});

test("cells: each raises the previous bound, down to call time", () => {
  const shares: number[] = [];
  const cells = simulate([2_000], (share) => shares.push(share), 500);
  expect(shares.at(-1)).toBe(1);
  const of = (scenario: string): typeof cells => cells.filter((cell) => cell.scenario === scenario);
  expect([...new Set(cells.map(({ scenario }) => scenario))]).toEqual([
    "publish",
    "reconnect",
    "hand-over",
    "subscribe",
    "linger",
    "history",
  ]);
  for (const scenario of ["publish", "reconnect", "hand-over"]) {
    const [first, ...others] = of(scenario);
    const second = others.find(({ quotas }) => !["new account", "small Region"].includes(quotas));
    expect(first).toMatchObject({ subscribers: 2_000, shards: 1, quotas: "default" });
    expect(first!.lastDeliveryMs).toBeGreaterThan(0);
    expect(first!.usd).toBeGreaterThan(0);
    if (second) expect(second.quotas).toBe(`${first!.boundBy} ×2`);
  }
  expect(
    of("subscribe")
      .map(({ quotas }) => quotas)
      .slice(0, 3),
  ).toEqual(["default", "new account", "small Region"]);
  const table = scale.table(cells);
  expect(table).toContain("| 2,000 | default |");
  expect(table).toContain("**Subscriptions to one channel**");
});
