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

describe("when a connection can be alive no more", () => {
  test("is two hours and some grace after it began", () => {
    expect(expiryOf(NOW)).toBe(NOW / 1000 + CONNECTION_SECONDS + EXPIRY_GRACE_SECONDS);
    expect(CONNECTION_SECONDS).toBe(7_200);
  });

  test("tells when it began, to the second, and the same again from that", () => {
    for (const milliseconds of [0, 1, 500, 999]) {
      const begun = connectedAtOf(expiryOf(NOW + milliseconds));
      expect(Math.abs(begun - (NOW + milliseconds))).toBeLessThan(1_000);
      expect(expiryOf(begun)).toBe(expiryOf(NOW + milliseconds));
    }
  });

  test("never makes a connection look older than it is, so that no 410 within 30 s of connectedAt is believed", () => {
    for (const milliseconds of [0, 1, 500, 999]) {
      expect(connectedAtOf(expiryOf(NOW + milliseconds))).toBeGreaterThanOrEqual(NOW + milliseconds);
    }
    expect(NEW_CONNECTION_MS).toBe(30_000);
  });
});

test("a denied socket is overdue soon after it began", () => {
  expect(denialDeadlineOf(NOW + 999)).toBe(NOW / 1000 + DENIED_SECONDS);
});
