import type { FakePushItOptions } from "push-it-client/testing";

/** The deployment of the conformance suite, for the fake and for the local system. */
export const DEPLOYMENT = {
  channels: {
    "kept/*": { history: { size: 10 } },
    "rooms/*": { history: true, presence: { state: true }, from: true },
    "lobby/*": { presence: true },
    "moods/*": { presence: { state: true } },
    "values/*": { latest: true },
    "lists/*": { latest: true, history: { size: 100 } },
    "secret/*": { history: { size: 100 } },
    "typed/*": { presence: { state: true } },
    "sticky/*": {},
    "closed/*": { history: true, presence: true },
  },
  wildcards: ["news/*", "kept/*", "mixed/*"],
  limits: { subscriptionsPerAgent: 30, agentsPerUser: 3 },
  timeouts: { onSubscriptionRequest: 5_000 },
  presenceGrace: 1_000,
} satisfies FakePushItOptions;
