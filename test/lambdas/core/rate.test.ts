import { COUNTED_AGENTS, Rate } from "../../../lambdas/core/rate.js";
import { TestClock } from "./fakes.js";

const setUp = (perSecond: number) => {
  const clock = new TestClock();
  return { clock, rate: new Rate({ perSecond, burst: 2 * perSecond }, clock) };
};

describe("what an agent asks for", () => {
  test("may be its burst at once, and what is over it is refused", () => {
    const { rate } = setUp(10);
    expect([rate.take("c1", 15), rate.take("c1", 15), rate.take("c1", 1)]).toEqual([15, 5, 0]);
  });

  test("may be as much as the rate from then on, however it is spread over time", () => {
    const { rate, clock } = setUp(10);
    rate.take("c1", 20);
    let taken = 0;
    for (let at = 0; at < 1_000; at += 1) {
      clock.advance(7);
      taken += rate.take("c1", 3);
    }
    expect(taken).toBe(70);
  });

  test("that was refused does not count", () => {
    const { rate, clock } = setUp(1);
    expect(rate.take("c1", 1_000)).toBe(2);
    clock.advance(1_000);
    expect(rate.take("c1", 1_000)).toBe(1);
  });

  test("does not add up while it is silent: its burst at most", () => {
    const { rate, clock } = setUp(10);
    rate.take("c1", 20);
    clock.advance(3_600_000);
    expect(rate.take("c1", 100)).toBe(20);
  });

  test("is its own, and no other agent's", () => {
    const { rate } = setUp(10);
    rate.take("c1", 20);
    expect(rate.take("c2", 20)).toBe(20);
  });

  test("survives a clock that is put back: nothing is given, nothing is taken", () => {
    const { rate, clock } = setUp(10);
    rate.take("c1", 15);
    clock.advance(-60_000);
    expect(rate.take("c1", 20)).toBe(5);
    clock.advance(100);
    expect(rate.take("c1", 20)).toBe(1);
  });
});

test("memory is bounded: whoever was silent for longest is forgotten, nobody else", () => {
  const { rate } = setUp(1);
  rate.take("first", 2);
  rate.take("second", 2);
  for (let at = 2; at < COUNTED_AGENTS; at += 1) rate.take(`c${at}`, 1);
  expect(rate.take("first", 1)).toBe(0);
  rate.take("one more", 1);
  expect(rate.take("first", 1)).toBe(0);
  expect(rate.take("second", 1)).toBe(1);
});
