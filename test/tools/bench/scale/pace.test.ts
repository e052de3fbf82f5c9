import { CPU, LATENCY_MS, RETRY_BUDGET_MS, POSTS_MS } from "../../../../tools/bench/scale/model.js";
import { simulatePublish } from "../../../../tools/bench/scale/publish.js";
import { DEFAULT_QUOTAS } from "../../../../tools/bench/scale/quotas.js";
import { seeded } from "../../../../tools/lib/random.js";
import { TokenBucket } from "../../../../tools/bench/scale/token-bucket.js";
import { Frame } from "../../../../lambdas/delivery/frame.js";
import type { PostResult } from "../../../../lambdas/ports.js";
import { Poster } from "../../../../lambdas/delivery/post-to-connections.js";
import { NOW, TestClock } from "../../../lambdas/support/fakes.js";

const NO_CPU = Object.fromEntries(Object.keys(CPU).map((name) => [name, 0])) as unknown as typeof CPU;
const ONLY_POSTS = { ...LATENCY_MS, dynamoDb: 0, page: 0, queue: 0, poll: 0, invoke: 0, coldStart: 0 };

/** The product itself posts to so many subscribers of an account with such a rate. */
const posted = async (subscribers: number, perSecond: number, burst: number, seed: number) => {
  const clock = new TestClock();
  const random = seeded(seed);
  clock.random = random;
  const requests = new TokenBucket(perSecond, burst);
  // The publication itself.
  requests.take(0);
  const post = async (): Promise<PostResult> => {
    await clock.sleep(LATENCY_MS.post);
    return requests.take(clock.now() - NOW) ? "sent" : "busy";
  };
  const limits = { postsUntil: NOW + POSTS_MS, retryBudgetMs: RETRY_BUDGET_MS.publisher };
  const poster = new Poster({ connections: { post }, clock }, limits, () => undefined);
  poster.add(
    Array.from({ length: subscribers }, (_, at) => ({
      subscriber: { connectionId: `c${at}`, connectedAt: NOW - 600_000 },
    })),
    [new Frame("1")],
  );
  await poster.idle();
  return { afterMs: clock.now() - NOW, refused: requests.refused, throttled: poster.throttled };
};

describe("a simulated function posts as the product does, to the millisecond", () => {
  it.each([
    // Nothing is refused; some are, so few at first that only first attempts may speak; many are.
    [2_000, 1e6, 1e6],
    [2_000, 6_000, 64],
    [2_000, 3_000, 500],
    [2_000, 1_000, 200],
  ])("to %d subscribers at %d requests a second", async (subscribers, requestsPerSecond, requestBurst) => {
    const quotas = { ...DEFAULT_QUOTAS, requestsPerSecond, requestBurst, memoryMb: 1_769 };
    for (const seed of [1, 2, 3]) {
      const { afterMs, refused, throttled } = await posted(subscribers, requestsPerSecond, requestBurst, seed);
      const simulated = simulatePublish(subscribers, quotas, {
        cpu: NO_CPU,
        latency: ONLY_POSTS,
        own: subscribers,
        seed,
      });
      expect(throttled).toBe(refused > 0);
      expect(simulated.acknowledgedMs).toBeCloseTo(afterMs, 5);
      expect(simulated).toMatchObject({ refused, workers: 0 });
    }
  });
});
