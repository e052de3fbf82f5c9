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
  /** So many posts, each to another connection. */
  const hear = (count: number, result: PostResult = "sent") => {
    for (let post = 0; post < count; post += 1) pace.record(`c${(connections += 1)}`, result, false);
  };
  /** Another attempt at each of so many connections that refused an earlier one. */
  const hearAgain = (count: number, result: PostResult) => {
    for (let at = 0; at < count; at += 1) pace.record(`slow${at}`, result, true);
  };
  return { clock, pace, hear, hearAgain };
};

describe("the pace of posts", () => {
  test("begins at 64, and never rises above that: there are no more sockets", () => {
    const { pace, hear } = setUp();
    expect(pace.limit).toBe(64);
    hear(10_000);
    expect(pace.limit).toBe(POSTS_IN_FLIGHT);
  });

  test("is not touched by one client's full buffer, however often it is tried", () => {
    const { pace, hear } = setUp();
    for (let attempt = 0; attempt < 100; attempt += 1) {
      pace.record("slow", "busy", attempt > 0);
      hear(3);
    }
    expect(pace.limit).toBe(POSTS_IN_FLIGHT);
  });

  test("is not touched by a few slow clients among thousands", () => {
    const { pace, hear } = setUp();
    for (let each = 0; each < 50; each += 1) {
      hear(1, "busy");
      hear(20);
    }
    expect(pace.limit).toBe(POSTS_IN_FLIGHT);
  });

  test("is not touched by one client's many frames", () => {
    const { pace } = setUp();
    for (let frame = 0; frame < 100; frame += 1) pace.record("slow", "busy", false);
    expect(pace.limit).toBe(POSTS_IN_FLIGHT);
  });

  test("is not touched by retries of slow clients, which are all that is left when the others are done", () => {
    const { pace, hear, hearAgain } = setUp();
    hear(500);
    hear(4, "busy");
    hear(500);
    for (let round = 0; round < 100; round += 1) hearAgain(10, "busy");
    expect(pace.limit).toBe(POSTS_IN_FLIGHT);
    expect(pace.throttled).toBe(false);
  });

  test("falls on and rises with retries, too, while it is down: they may be all that is left then", () => {
    const { pace, hear, hearAgain } = setUp();
    hear(5, "busy");
    hearAgain(4, "busy");
    expect(pace.limit).toBe(32);
    hearAgain(5, "busy");
    expect(pace.limit).toBe(16);
    hearAgain(16, "sent");
    expect(pace.limit).toBe(17);
  });

  test("looks at the last 64 posts: what is behind them no longer counts", () => {
    const { pace, hear } = setUp();
    hear(4, "busy");
    hear(60);
    hear(1, "busy");
    expect(pace.limit).toBe(POSTS_IN_FLIGHT);
    hear(3, "busy");
    expect(pace.limit).toBe(POSTS_IN_FLIGHT);
    hear(1, "busy");
    expect(pace.limit).toBe(32);
  });

  test("is halved when 429s spread: once for what was heard, not for each", () => {
    const { pace, hear } = setUp();
    hear(4, "busy");
    expect(pace.limit).toBe(64);
    hear(1, "busy");
    expect(pace.limit).toBe(32);
    hear(4, "busy");
    expect(pace.limit).toBe(32);
    hear(1, "busy");
    expect(pace.limit).toBe(16);
  });

  test("never falls below four, so that something always moves", () => {
    const { pace, hear } = setUp();
    hear(1_000, "busy");
    expect(pace.limit).toBe(LEAST_IN_FLIGHT);
  });

  test("rises again by one for each round that is taken, up to where it was", () => {
    const { pace, hear } = setUp();
    hear(1_000, "busy");
    hear(4);
    expect(pace.limit).toBe(5);
    hear(4);
    expect(pace.limit).toBe(5);
    hear(1);
    expect(pace.limit).toBe(6);
    hear(3_000);
    expect(pace.limit).toBe(64);
  });

  test("says nothing of 410: fewer posts at a time would not help", () => {
    const { pace, hear } = setUp();
    hear(200, "gone");
    expect(pace.limit).toBe(64);
    expect(pace.throttled).toBe(false);
  });

  test("falls with 5xx and missing answers that spread, too: who fails has too much to do", () => {
    const { pace, hear } = setUp();
    hear(200, "failed");
    expect(pace.limit).toBe(4);
    expect(pace.throttled).toBe(true);
  });

  test("forgets what was heard more than a second before anything else: the account's rate is a second's", () => {
    const { clock, pace, hear } = setUp();
    hear(4, "busy");
    clock.advance(1_001);
    hear(4, "busy");
    expect(pace.limit).toBe(64);
  });
});
