import { RateLimiter } from "../../../lambdas/requests/rate-limiter.js";
import { pingReply } from "../../../lambdas/requests/ping-reply.js";
import { PINGS_WITH_CHANNELS } from "../../../lambdas/requests/request-rates.js";
import { DEFAULT_SETTINGS } from "../../../lambdas/settings.js";
import { agentOf, NOW, TestClock } from "../support/fakes.js";
import { MemoryLiveness, MemoryMembers } from "../presence/presence-fakes.js";

const SINCE = { epoch: "e1", offset: 1 };

const setUp = async () => {
  const [members, liveness] = [new MemoryMembers(), new MemoryLiveness()];
  const clock = new TestClock();
  const settings = {
    ...DEFAULT_SETTINGS,
    channels: { "rooms/*": { presence: true }, "kept/*": { history: { size: 10, seconds: 60 } } } as const,
  };
  let reads = 0;
  members.before = () => void (reads += 1);
  const histories = {
    headsOfSubscribed: async (_connectionId: string, channels: readonly string[]) => {
      reads += 1;
      return new Map(channels.map((channel) => [channel, { epoch: "e1", offset: 2, at: NOW, begun: NOW }]));
    },
  };
  const system = {
    members,
    liveness,
    clock,
    settings,
    histories,
    rate: new RateLimiter(PINGS_WITH_CHANNELS, clock, 10),
  };
  const ping = (data?: unknown, connectionId = "c1") =>
    pingReply(
      system,
      agentOf(connectionId),
      JSON.stringify({ action: "ping", channel: "/meta/ping", uuid: "u1", data }),
    );
  return { clock, ping, reads: () => reads };
};

test("a ping returns the lagging and the absent channels", async () => {
  const { ping } = await setUp();
  expect(await ping({ positions: { "kept/1": SINCE }, presentChannels: ["rooms/1"] })).toEqual({
    facts: { laggingChannels: ["kept/1"], absentChannels: ["rooms/1"] },
  });
  expect(await ping({ positions: { "kept/1": { epoch: "e1", offset: 2 } } })).toEqual({ facts: {} });
  expect(await ping({ presentChannels: "rooms/1" })).toMatchObject({ faults: [{ code: "bad_frame" }] });
});

test.each([{ positions: { "kept/1": SINCE } }, { presentChannels: ["rooms/1"] }])(
  "one agent that sends %j too often is refused before any read",
  async (data) => {
    const { clock, ping, reads } = await setUp();
    for (let times = 0; times < PINGS_WITH_CHANNELS.burst; times += 1) expect(await ping(data)).toHaveProperty("facts");
    const before = reads();
    expect(await ping(data)).toEqual({
      faults: [
        { channel: "/meta/ping", uuid: "u1", successful: false, code: "rate_limited", error: expect.any(String) },
      ],
    });
    expect(reads()).toBe(before);
    expect(await ping(data, "c2")).toHaveProperty("facts");
    clock.advance(1_000);
    for (let times = 0; times < PINGS_WITH_CHANNELS.perSecond; times += 1)
      expect(await ping(data)).toHaveProperty("facts");
    expect(await ping(data)).toHaveProperty("faults");
  },
);

test("pings without channels are not counted and read no rows", async () => {
  const { ping, reads } = await setUp();
  for (let times = 0; times < 10 * PINGS_WITH_CHANNELS.burst; times += 1)
    expect(await ping(times % 2 ? {} : undefined)).toEqual({ facts: {} });
  expect(reads()).toBe(0);
});
