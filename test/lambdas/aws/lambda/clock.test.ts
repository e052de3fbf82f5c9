import { systemClock } from "../../../../lambdas/aws/lambda/clock.js";

test("the system's clock is the real one", async () => {
  const begun = Date.now();
  expect(systemClock.now()).toBeGreaterThanOrEqual(begun);
  await systemClock.sleep(20);
  expect(systemClock.now() - begun).toBeGreaterThanOrEqual(19);
});

test("its chance is from 0 up to, not including, 1", () => {
  for (let round = 0; round < 100; round += 1) {
    const chance = systemClock.random();
    expect(chance).toBeGreaterThanOrEqual(0);
    expect(chance).toBeLessThan(1);
  }
});
