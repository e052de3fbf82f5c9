import { DEFAULT_SETTINGS } from "../../lambdas/settings.js";
import { DEFAULT_TIMEOUTS } from "../../protocol/deployment-defaults.js";

test("guard timeouts are 10 s for connections, else 1 s, by default", () => {
  expect(DEFAULT_TIMEOUTS).toEqual({
    onConnectionRequest: 10_000,
    onSubscriptionRequest: 1_000,
    onPublicationRequest: 1_000,
    onUnsubscriptionRequest: 1_000,
    onPresenceRequest: 1_000,
    onMessageReceived: 1_000,
    onDisconnect: 1_000,
  });
});

test("wildcards are off, denials explained and credentials kept by default", () => {
  expect(DEFAULT_SETTINGS).toMatchObject({
    timeouts: DEFAULT_TIMEOUTS,
    wildcards: [],
    denials: "explain",
    keepCredentials: true,
  });
});
