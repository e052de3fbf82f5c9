import { systemClock } from "../../../../lambdas/aws/lambda/clock.js";

test("the system clock is the real clock", async () => {
  const begun = Date.now();
  expect(systemClock.now()).toBeGreaterThanOrEqual(begun);
  await systemClock.sleep(20);
  expect(systemClock.now() - begun).toBeGreaterThanOrEqual(19);
});

test("the system clock's random numbers are at least 0 and below 1", () => {
  for (let round = 0; round < 100; round += 1) {
    const chance = systemClock.random();
    expect(chance).toBeGreaterThanOrEqual(0);
    expect(chance).toBeLessThan(1);
  }
});
