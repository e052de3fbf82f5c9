import {
  connectedAtOf,
  CONNECTION_SECONDS,
  DENIED_SECONDS,
  denialDeadlineOf,
  EXPIRY_GRACE_SECONDS,
  expiryOf,
} from "../../../lambdas/connection/agent.js";
import { NEW_CONNECTION_MS } from "../../../lambdas/delivery/retry.js";
import { NOW } from "../support/fakes.js";

describe("the expiry of a connection", () => {
  test("is two hours and some grace after the connection began", () => {
    expect(expiryOf(NOW)).toBe(NOW / 1000 + CONNECTION_SECONDS + EXPIRY_GRACE_SECONDS);
    expect(CONNECTION_SECONDS).toBe(7_200);
  });

  test("yields when the connection began, to the second", () => {
    for (const milliseconds of [0, 1, 500, 999]) {
      const begun = connectedAtOf(expiryOf(NOW + milliseconds));
      expect(Math.abs(begun - (NOW + milliseconds))).toBeLessThan(1_000);
      expect(expiryOf(begun)).toBe(expiryOf(NOW + milliseconds));
    }
  });

  // So a 410 within 30 s of connectedAt does not remove it.
  test("never makes a connection look older than it is", () => {
    for (const milliseconds of [0, 1, 500, 999]) {
      expect(connectedAtOf(expiryOf(NOW + milliseconds))).toBeGreaterThanOrEqual(NOW + milliseconds);
    }
    expect(NEW_CONNECTION_MS).toBe(30_000);
  });
});

test("a denied connection expires soon after it began", () => {
  expect(denialDeadlineOf(NOW + 999)).toBe(NOW / 1000 + DENIED_SECONDS);
});
