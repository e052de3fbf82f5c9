import { MAX_CHANNELS_PER_FRAME, DEFAULT_LIMITS, type Limits } from "../../../protocol/index.js";
import { SubscriptionRateLimiter } from "../../../lambdas/subscriptions/subscription-rate.js";
import { LIMIT_RANGES } from "../../../infra/props/client-limits.js";
import { agentOf, TestClock } from "../support/fakes.js";

const setUp = (limits: Partial<Limits> = {}) => {
  const clock = new TestClock();
  const settings = { limits: { ...DEFAULT_LIMITS, ...limits }, channels: { "rooms/*": { presence: true } } as const };
  const rate = new SubscriptionRateLimiter({ settings, clock });
  /** How many of so many channels the agent may change. */
  const change = (channel: string, count: number, agent = agentOf("c1")): number =>
    Array.from({ length: count }, () => rate.allows(agent, channel)).filter(Boolean).length;
  return { clock, change };
};

describe("what the SDK does by itself is never refused", () => {
  test.each([1, DEFAULT_LIMITS.subscriptionsPerAgent, LIMIT_RANGES.subscriptionsPerAgent.most])(
    "to restore all %i subscriptions at once, twice, each to a channel with presence",
    (subscriptionsPerAgent) => {
      const { change } = setUp({ subscriptionsPerAgent, subscriptionChangesPerSecond: 1 });
      expect(change("rooms/1", 2 * subscriptionsPerAgent)).toBe(2 * subscriptionsPerAgent);
    },
  );

  test("a page that remounts once a second for a minute, with a frame of plain channels", () => {
    const { clock, change } = setUp();
    for (let second = 0; second < 60; second += 1) {
      expect(change("stories/1", MAX_CHANNELS_PER_FRAME)).toBe(MAX_CHANNELS_PER_FRAME);
      clock.advance(1_000);
    }
  });

  test("a page that opens one room with presence after the other, five a second", () => {
    const { clock, change } = setUp();
    for (let second = 0; second < 600; second += 1) {
      expect(change("rooms/1", 5)).toBe(5);
      clock.advance(1_000);
    }
  });
});

describe("who changes subscriptions without end", () => {
  test("may change 25 channels a second, or 5 with presence", () => {
    const { clock, change } = setUp();
    change("stories/1", 10_000);
    clock.advance(1_000);
    expect(change("stories/1", 100)).toBe(25);
    clock.advance(1_000);
    expect(change("rooms/1", 100)).toBe(5);
  });

  test("is held to it by user, too: ten connections' worth for all connections", () => {
    const { change } = setUp({ subscriptionsPerAgent: 1 });
    const allowed = Array.from({ length: 20 }, (_, at) =>
      change("stories/1", 100, agentOf(`c${at}`, { userId: "ada" })),
    );
    expect(allowed).toEqual([...Array.from({ length: 10 }, () => 25), ...Array.from({ length: 10 }, () => 0)]);
    expect(change("stories/1", 100, agentOf("c99", { userId: "bob" }))).toBe(25);
  });
});
