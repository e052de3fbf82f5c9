import { type Reply, MAX_FRAME_BYTES, type Position, type SubscribeResult } from "../../../protocol/index.js";
import { encodeReplies } from "../../../lambdas/requests/replies.js";
import type { ChannelSettings } from "../../../protocol/channel-settings.js";
import type { GuardPort } from "../../../lambdas/ports.js";
import { SubscriptionRateLimiter } from "../../../lambdas/subscriptions/subscription-rate.js";
import { openGuards } from "../../../lambdas/guards/developer-guards.js";
import { DEFAULT_SETTINGS } from "../../../lambdas/settings.js";
import { history } from "../../../lambdas/routes/history.js";
import { subscribe } from "../../../lambdas/routes/subscribe.js";
import { MemoryLatest } from "../support/channel-fakes.js";
import { agentOf, NOW, TestClock, TestConnections, TestLog } from "../support/fakes.js";
import { MemoryStore } from "../support/memory-store.js";
import { MemoryHistories } from "./history-fakes.js";

export const agent = agentOf("c1");
const EPOCH = "e1";
const OPTIONS: ChannelSettings = { history: { size: 1_000, seconds: 3_600 } };

/** A system in which channels have these numbers of messages, with this many bytes each. */
export const setUp = async (
  kept: Record<string, number>,
  { bytes = 1, guards = {}, latest }: { bytes?: number; guards?: Partial<GuardPort>; latest?: true } = {},
) => {
  const store = await new MemoryStore().with(agent);
  const clock = new TestClock();
  const histories = new MemoryHistories(clock, 900, store);
  for (const [channel, count] of Object.entries(kept)) {
    histories.heads_.set(channel, { epoch: EPOCH, offset: count, at: NOW, begun: NOW });
    for (let offset = 1; offset <= count; offset += 1) {
      histories
        .rowsOf(channel)
        .set(offset, { offset, at: NOW, message: { uuid: `m${offset}`, data: "x".repeat(bytes) } });
    }
  }
  const settings = { ...DEFAULT_SETTINGS, channels: { "kept/*": { ...OPTIONS, ...(latest && { latest }) } } };
  const system = {
    settings,
    store,
    rate: new SubscriptionRateLimiter({ settings, clock }),
    histories,
    clock,
    latest: new MemoryLatest(store.calls),
    connections: new TestConnections(clock),
    log: new TestLog(),
    guards: { ...openGuards, ...guards },
  };
  const ask = async (...channels: (string | { channel: string; since?: Position; last?: number })[]) => {
    const answers = await subscribe(
      system,
      agent,
      JSON.stringify({ action: "subscribe", channel: "/meta/subscribe", uuid: "u1", data: { channels } }),
    );
    expect(Buffer.byteLength(encodeReplies(answers))).toBeLessThanOrEqual(MAX_FRAME_BYTES);
    return answers.map(dataOf);
  };
  const read = async (data: Record<string, unknown>) => {
    const answers = await history(
      { ...system, rate: { take: (_agent: unknown, wanted: number) => wanted } },
      agent,
      JSON.stringify({ action: "history", channel: "/meta/history", uuid: "u1", data }),
    );
    expect(Buffer.byteLength(encodeReplies(answers))).toBeLessThanOrEqual(MAX_FRAME_BYTES);
    return dataOf(answers[0]!);
  };
  return { ...system, ask, read };
};

const dataOf = ({ data }: Reply): SubscribeResult => data as unknown as SubscribeResult;
export const at = (offset: number): Position => ({ epoch: EPOCH, offset });
export const offsets = ({ messages = [] }: SubscribeResult): number[] => messages.map(({ offset }) => offset);
