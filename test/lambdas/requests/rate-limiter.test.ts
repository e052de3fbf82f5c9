import { MAX_COUNTED_AGENTS, RateLimiter } from "../../../lambdas/requests/rate-limiter.js";
import { TestClock } from "../support/fakes.js";

const setUp = (perSecond: number) => {
  const clock = new TestClock();
  return { clock, rate: new RateLimiter({ perSecond, burst: 2 * perSecond }, clock, 3) };
};

describe("what an agent asks for", () => {
  test("may be its burst at once, and what is over it is refused", () => {
    const { rate } = setUp(10);
    expect([
      rate.take({ connectionId: "c1" }, 15),
      rate.take({ connectionId: "c1" }, 15),
      rate.take({ connectionId: "c1" }, 1),
    ]).toEqual([15, 5, 0]);
  });

  test("may be as much as the rate from then on, however it is spread over time", () => {
    const { rate, clock } = setUp(10);
    rate.take({ connectionId: "c1" }, 20);
    let taken = 0;
    for (let at = 0; at < 1_000; at += 1) {
      clock.advance(7);
      taken += rate.take({ connectionId: "c1" }, 3);
    }
    expect(taken).toBe(70);
  });

  test("that was refused does not count", () => {
    const { rate, clock } = setUp(1);
    expect(rate.take({ connectionId: "c1" }, 1_000)).toBe(2);
    clock.advance(1_000);
    expect(rate.take({ connectionId: "c1" }, 1_000)).toBe(1);
  });

  test("does not add up while it is silent: its burst at most", () => {
    const { rate, clock } = setUp(10);
    rate.take({ connectionId: "c1" }, 20);
    clock.advance(3_600_000);
    expect(rate.take({ connectionId: "c1" }, 100)).toBe(20);
  });

  test("is its own, and no other agent's", () => {
    const { rate } = setUp(10);
    rate.take({ connectionId: "c1" }, 20);
    expect(rate.take({ connectionId: "c2" }, 20)).toBe(20);
  });

  test("survives a clock that is put back: nothing is given, nothing is taken", () => {
    const { rate, clock } = setUp(10);
    rate.take({ connectionId: "c1" }, 15);
    clock.advance(-60_000);
    expect(rate.take({ connectionId: "c1" }, 20)).toBe(5);
    clock.advance(100);
    expect(rate.take({ connectionId: "c1" }, 20)).toBe(1);
  });
});

describe("what all agents of one user ask for", () => {
  const ada = (connectionId: string) => ({ connectionId, userId: "ada" });

  test("may be several times what one agent may, and no more; other users and agents without a user have their own", () => {
    const { rate } = setUp(10);
    const taken = ["c1", "c2", "c3", "c4"].map((id) => rate.take(ada(id), 100));
    expect(taken).toEqual([20, 20, 20, 0]);
    expect(rate.take({ connectionId: "c5", userId: "bob" }, 100)).toBe(20);
    expect(rate.take({ connectionId: "c6" }, 100)).toBe(20);
  });

  test("comes back with time", () => {
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

  test("may be charged when it has happened; what is owed is paid first", () => {
    const { rate, clock } = setUp(10);
    const agent = { connectionId: "c1" };
    rate.charge(agent, 25);
    expect(rate.spend(agent, 1)).toBe(false);
    clock.advance(600);
    expect(rate.take(agent, 5)).toBe(1);
  });
});

test("memory is bounded: whoever was silent for longest is forgotten, nobody else", () => {
  const { rate } = setUp(1);
  rate.take({ connectionId: "first" }, 2);
  rate.take({ connectionId: "second" }, 2);
  for (let at = 2; at < MAX_COUNTED_AGENTS; at += 1) rate.take({ connectionId: `c${at}` }, 1);
  expect(rate.take({ connectionId: "first" }, 1)).toBe(0);
  rate.take({ connectionId: "one more" }, 1);
  expect(rate.take({ connectionId: "first" }, 1)).toBe(0);
  expect(rate.take({ connectionId: "second" }, 1)).toBe(1);
});
