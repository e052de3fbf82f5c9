import { bucket, RouteThrottles, TokenBucket } from "../../../../local/services/gateway/routes/throttle.js";
import type { RouteModel } from "../../../../local/assembly/model/api.js";
import { apiModel, OK } from "./harness.js";

describe("token bucket", () => {
  let now = 0;
  beforeEach(() => (now = 0));
  const taken = (from: TokenBucket, times: number): number =>
    Array.from({ length: times }, () => from.take()).filter(Boolean).length;

  it("lets a burst pass, then as many as the rate fills in", () => {
    const tokens = new TokenBucket({ rate: 10, burst: 5 }, () => now);
    expect(taken(tokens, 20)).toBe(5);
    now = 100;
    expect(taken(tokens, 20)).toBe(1);
    now = 400;
    expect(taken(tokens, 20)).toBe(3);
  });

  it("never holds more than the burst", () => {
    const tokens = new TokenBucket({ rate: 10, burst: 5 }, () => now);
    now = 1_000_000;
    expect(taken(tokens, 20)).toBe(5);
  });

  it("takes no harm from a clock that is set back", () => {
    const tokens = new TokenBucket({ rate: 10, burst: 1 }, () => now);
    now = -5_000;
    expect(taken(tokens, 3)).toBe(1);
  });

  it("is absent without a throttle", () => expect(bucket(undefined, () => now)).toBeUndefined());
});

describe("route throttles", () => {
  const run = () => OK;
  const model = apiModel(
    { a: run, b: run, c: { run, throttle: { rate: 1, burst: 3 } } },
    { throttle: { rate: 1, burst: 1 } },
  );
  const passes = (throttles: RouteThrottles, key: string): number => {
    const route = model.routes[key] as RouteModel;
    return Array.from({ length: 9 }, () => throttles.take(route)).filter(Boolean).length;
  };

  it("gives each route a bucket, by its own or the API's throttle", () => {
    const throttles = new RouteThrottles(model, () => 0);
    expect([passes(throttles, "a"), passes(throttles, "b"), passes(throttles, "c")]).toEqual([1, 1, 3]);
  });

  it("stops no message without a throttle", () => {
    expect(passes(new RouteThrottles({ ...model, throttle: undefined }, () => 0), "a")).toBe(9);
  });
});
