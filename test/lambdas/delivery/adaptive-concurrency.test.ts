import {
  LEAST_IN_FLIGHT,
  AdaptiveConcurrency,
  POSTS_IN_FLIGHT,
} from "../../../lambdas/delivery/adaptive-concurrency.js";
import type { PostResult } from "../../../lambdas/ports.js";
import { TestClock } from "../support/fakes.js";

const setUp = () => {
  const clock = new TestClock();
  const pace = new AdaptiveConcurrency(clock);
  let connections = 0;
  /** Records this many posts, each to another connection. */
  const recordPosts = (count: number, result: PostResult = "sent") => {
    for (let post = 0; post < count; post += 1) pace.record(`c${(connections += 1)}`, result, false);
  };
  /** Records another attempt at each of this many connections, which refused an earlier one. */
  const recordRetries = (count: number, result: PostResult) => {
    for (let at = 0; at < count; at += 1) pace.record(`slow${at}`, result, true);
  };
  return { clock, pace, recordPosts, recordRetries };
};

describe("the number of concurrent posts", () => {
  test("starts at 64, which is its maximum", () => {
    const { pace, recordPosts } = setUp();
    expect(pace.limit).toBe(64);
    recordPosts(10_000);
    expect(pace.limit).toBe(POSTS_IN_FLIGHT);
  });

  test("ignores one client's full buffer, however often it is tried", () => {
    const { pace, recordPosts } = setUp();
    for (let attempt = 0; attempt < 100; attempt += 1) {
      pace.record("slow", "busy", attempt > 0);
      recordPosts(3);
    }
    expect(pace.limit).toBe(POSTS_IN_FLIGHT);
  });

  test("ignores a few slow clients among thousands", () => {
    const { pace, recordPosts } = setUp();
    for (let each = 0; each < 50; each += 1) {
      recordPosts(1, "busy");
      recordPosts(20);
    }
    expect(pace.limit).toBe(POSTS_IN_FLIGHT);
  });

  test("ignores one client's many frames", () => {
    const { pace } = setUp();
    for (let frame = 0; frame < 100; frame += 1) pace.record("slow", "busy", false);
    expect(pace.limit).toBe(POSTS_IN_FLIGHT);
  });

  test("ignores retries of slow clients when only they are left", () => {
    const { pace, recordPosts, recordRetries } = setUp();
    recordPosts(500);
    recordPosts(4, "busy");
    recordPosts(500);
    for (let round = 0; round < 100; round += 1) recordRetries(10, "busy");
    expect(pace.limit).toBe(POSTS_IN_FLIGHT);
    expect(pace.throttled).toBe(false);
  });

  test("falls and rises with retries, too, while it is low", () => {
    const { pace, recordPosts, recordRetries } = setUp();
    recordPosts(5, "busy");
    recordRetries(4, "busy");
    expect(pace.limit).toBe(32);
    recordRetries(5, "busy");
    expect(pace.limit).toBe(16);
    recordRetries(16, "sent");
    expect(pace.limit).toBe(17);
  });

  test("depends on the last 64 posts only", () => {
    const { pace, recordPosts } = setUp();
    recordPosts(4, "busy");
    recordPosts(60);
    recordPosts(1, "busy");
    expect(pace.limit).toBe(POSTS_IN_FLIGHT);
    recordPosts(3, "busy");
    expect(pace.limit).toBe(POSTS_IN_FLIGHT);
    recordPosts(1, "busy");
    expect(pace.limit).toBe(32);
  });

  test("is halved once when 429s spread, not for each 429", () => {
    const { pace, recordPosts } = setUp();
    recordPosts(4, "busy");
    expect(pace.limit).toBe(64);
    recordPosts(1, "busy");
    expect(pace.limit).toBe(32);
    recordPosts(4, "busy");
    expect(pace.limit).toBe(32);
    recordPosts(1, "busy");
    expect(pace.limit).toBe(16);
  });

  test("never falls below four", () => {
    const { pace, recordPosts } = setUp();
    recordPosts(1_000, "busy");
    expect(pace.limit).toBe(LEAST_IN_FLIGHT);
  });

  test("rises by one for each successful round, up to its maximum", () => {
    const { pace, recordPosts } = setUp();
    recordPosts(1_000, "busy");
    recordPosts(4);
    expect(pace.limit).toBe(5);
    recordPosts(4);
    expect(pace.limit).toBe(5);
    recordPosts(1);
    expect(pace.limit).toBe(6);
    recordPosts(3_000);
    expect(pace.limit).toBe(64);
  });

  test("ignores 410s", () => {
    const { pace, recordPosts } = setUp();
    recordPosts(200, "gone");
    expect(pace.limit).toBe(64);
    expect(pace.throttled).toBe(false);
  });

  test("falls when 5xx and missing responses spread, too", () => {
    const { pace, recordPosts } = setUp();
    recordPosts(200, "failed");
    expect(pace.limit).toBe(4);
    expect(pace.throttled).toBe(true);
  });

  // The account's rate is per second.
  test("ignores results older than a second", () => {
    const { clock, pace, recordPosts } = setUp();
    recordPosts(4, "busy");
    clock.advance(1_001);
    recordPosts(4, "busy");
    expect(pace.limit).toBe(64);
  });
});
