import type { ApiModel, RouteModel, Throttle } from "../../../assembly/model/api.js";

/** A token bucket: `burst` requests at once, refilled by `rate` a second. Starts full. */
export class TokenBucket {
  #tokens: number;
  #at: number;

  /** @param now the clock, in milliseconds */
  constructor(
    private readonly throttle: Throttle,
    private readonly now: () => number,
  ) {
    this.#tokens = throttle.burst;
    this.#at = now();
  }

  /** Takes a token; `false` when there is none. */
  take(): boolean {
    const now = this.now();
    const { rate, burst } = this.throttle;
    this.#tokens = Math.min(burst, this.#tokens + (Math.max(0, now - this.#at) * rate) / 1000);
    this.#at = now;
    if (this.#tokens < 1) return false;
    this.#tokens -= 1;
    return true;
  }
}

/** Creates a bucket; `undefined` without a throttle. */
export const bucket = (throttle: Throttle | undefined, now: () => number): TokenBucket | undefined =>
  throttle && new TokenBucket(throttle, now);

/** The token buckets of an API's routes. Each route has its own bucket, with its own throttle or the API's. */
export class RouteThrottles {
  readonly #buckets = new Map<string, TokenBucket>();

  constructor(api: ApiModel, now: () => number) {
    for (const route of Object.values(api.routes)) {
      const made = bucket(route.throttle ?? api.throttle, now);
      if (made) this.#buckets.set(route.routeKey, made);
    }
  }

  /** Whether one more request of `route` may pass. */
  take(route: RouteModel): boolean {
    return this.#buckets.get(route.routeKey)?.take() ?? true;
  }
}
