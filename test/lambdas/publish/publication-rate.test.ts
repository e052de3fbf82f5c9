import { PublicationRateLimiter } from "../../../lambdas/publish/publication-rate.js";
import { TestClock } from "../support/fakes.js";

test("an agent may publish a burst of two seconds, then its rate", () => {
  const clock = new TestClock();
  const rate = new PublicationRateLimiter({ publicationsPerSecond: 10, ratesPerUser: 10 }, clock);
  expect([
    rate.take({ connectionId: "c1" }, 15),
    rate.take({ connectionId: "c1" }, 15),
    rate.take({ connectionId: "c1" }, 1),
  ]).toEqual([15, 5, 0]);
  clock.advance(1_000);
  expect(rate.take({ connectionId: "c1" }, 25)).toBe(10);
});
