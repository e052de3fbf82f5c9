import { MAX_COUNTED_AGENTS, RateLimiter } from "../../../lambdas/requests/rate-limiter.js";
import { TestClock } from "../support/fakes.js";

const setUp = (perSecond: number) => {
  const clock = new TestClock();
  return { clock, rate: new RateLimiter({ perSecond, burst: 2 * perSecond }, clock, 3) };
};

describe("the requests of one agent", () => {
  test("may be a burst at once, and the rest is refused", () => {
    const { rate } = setUp(10);
    expect([
      rate.take({ connectionId: "c1" }, 15),
      rate.take({ connectionId: "c1" }, 15),
      rate.take({ connectionId: "c1" }, 1),
    ]).toEqual([15, 5, 0]);
  });

  test("may continue at the rate, however they are spread over time", () => {
    const { rate, clock } = setUp(10);
    rate.take({ connectionId: "c1" }, 20);
    let taken = 0;
    for (let at = 0; at < 1_000; at += 1) {
      clock.advance(7);
      taken += rate.take({ connectionId: "c1" }, 3);
    }
    expect(taken).toBe(70);
  });

  test("do not count if they were refused", () => {
    const { rate, clock } = setUp(1);
    expect(rate.take({ connectionId: "c1" }, 1_000)).toBe(2);
    clock.advance(1_000);
    expect(rate.take({ connectionId: "c1" }, 1_000)).toBe(1);
  });

  test("do not add up beyond the burst while it is silent", () => {
    const { rate, clock } = setUp(10);
    rate.take({ connectionId: "c1" }, 20);
    clock.advance(3_600_000);
    expect(rate.take({ connectionId: "c1" }, 100)).toBe(20);
  });

  test("do not count for other agents", () => {
    const { rate } = setUp(10);
    rate.take({ connectionId: "c1" }, 20);
    expect(rate.take({ connectionId: "c2" }, 20)).toBe(20);
  });

  test("keep their count when the clock is put back", () => {
    const { rate, clock } = setUp(10);
    rate.take({ connectionId: "c1" }, 15);
    clock.advance(-60_000);
    expect(rate.take({ connectionId: "c1" }, 20)).toBe(5);
    clock.advance(100);
    expect(rate.take({ connectionId: "c1" }, 20)).toBe(1);
  });
});

describe("the requests of all agents of one user", () => {
  const ada = (connectionId: string) => ({ connectionId, userId: "ada" });

  // Other users, and agents without a user, have limits of their own.
  test("may be several times one agent's, without affecting others", () => {
    const { rate } = setUp(10);
    const taken = ["c1", "c2", "c3", "c4"].map((id) => rate.take(ada(id), 100));
    expect(taken).toEqual([20, 20, 20, 0]);
    expect(rate.take({ connectionId: "c5", userId: "bob" }, 100)).toBe(20);
    expect(rate.take({ connectionId: "c6" }, 100)).toBe(20);
  });

  test("are allowed again with time", () => {
    const { rate, clock } = setUp(10);
    for (const id of ["c1", "c2", "c3"]) rate.take(ada(id), 20);
    clock.advance(100);
    expect(rate.take(ada("c4"), 20)).toBe(3);
  });
});

describe("a request that costs more than one", () => {
  test("is allowed as a whole or not at all", () => {
    const { rate } = setUp(10);
    const agent = { connectionId: "c1" };
    expect([15, 6, 5, 1].map((cost) => rate.spend(agent, cost))).toEqual([true, false, true, false]);
  });

  test("may be charged afterwards, and the debt counts first", () => {
    const { rate, clock } = setUp(10);
    const agent = { connectionId: "c1" };
    rate.charge(agent, 25);
    expect(rate.spend(agent, 1)).toBe(false);
    clock.advance(600);
    expect(rate.take(agent, 5)).toBe(1);
  });
});

test("the limiter drops the agent that was silent for longest when full", () => {
  const { rate } = setUp(1);
  rate.take({ connectionId: "first" }, 2);
  rate.take({ connectionId: "second" }, 2);
  for (let at = 2; at < MAX_COUNTED_AGENTS; at += 1) rate.take({ connectionId: `c${at}` }, 1);
  expect(rate.take({ connectionId: "first" }, 1)).toBe(0);
  rate.take({ connectionId: "one more" }, 1);
  expect(rate.take({ connectionId: "first" }, 1)).toBe(0);
  expect(rate.take({ connectionId: "second" }, 1)).toBe(1);
});
