import { type Json, type Reply, MAX_FRAME_BYTES, type Limits, type Message } from "../../protocol/index.js";
import type { Settings } from "../settings.js";
import type { Agent } from "../connection/agent.js";
import { channelSettings } from "../../protocol/channel-settings.js";
import { keepsLatest, type Latest, type Numbered } from "../publish/latest.js";
import { fits, framesOf, serialize } from "../delivery/serialize.js";
import type { Clock, Connections, GuardPort, Log } from "../ports.js";
import { postTo } from "../delivery/post-to-connections.js";

/** The ports that adding last messages to replies uses. */
export interface LatestReplyDependencies {
  latest: Pick<Latest, "read">;
  guards: Pick<GuardPort, "guardsDelivery" | "delivery">;
  connections: Pick<Connections, "post">;
  clock: Clock;
  log: Pick<Log, "error">;
  settings: Pick<Settings, "channels" | "timeouts"> & { limits: Pick<Limits, "messageBytes"> };
}

/** Bytes of a frame that stay free: a reply that asks the agent to renew. */
const RESERVED_BYTES = 256;

/** How long posting the messages that do not fit the frame may take, in milliseconds. */
export const POST_MS = 2_000;

/**
 * Adds the channels' last messages to the replies that grant subscriptions, after the subscriptions are stored. So a
 * message that is published meanwhile is either in the reply or delivered to the subscriber. Messages that a delivery
 * guard withholds are left out. Messages that do not fit the frame are posted before the replies.
 * @param granted the replies by channel; `answers` has them too
 * @returns the replies, and the channels whose message could not be posted: subscribing again is safe
 */
export const attachLatest = async (
  system: LatestReplyDependencies,
  agent: Agent,
  granted: ReadonlyMap<string, Reply>,
  answers: readonly Reply[],
): Promise<{ answers: Reply[]; missed: string[] }> => {
  const kept = [...granted.keys()].filter((channel) => keepsLatest(channelSettings(system.settings.channels, channel)));
  if (kept.length === 0) return { answers: [...answers], missed: [] };
  const stored = await system.latest.read(kept);
  const decided = await Promise.all(kept.map((channel) => decide(system, agent, stored.get(channel))));
  const updated = new Map<Reply, Reply>();
  const overflow: Message[] = [];
  let room = MAX_FRAME_BYTES - RESERVED_BYTES - Buffer.byteLength(JSON.stringify(answers));
  for (const message of decided) {
    const answer = message && granted.get(message.channel);
    if (!answer) continue;
    const { channel, ...latest } = message;
    const bytes = Buffer.byteLength(JSON.stringify({ latest }));
    if (bytes > room) overflow.push(message);
    else {
      room -= bytes;
      // The compiler does not accept an interface as `Json`, because a declaration could add a field to it.
      const data = { ...(answer.data as object), channel, latest } as unknown as Json;
      updated.set(answer, { ...answer, data });
    }
  }
  const posted = await post(system, agent, overflow);
  return {
    answers: answers.map((answer) => updated.get(answer) ?? answer),
    missed: posted ? [] : overflow.map(({ channel }) => channel),
  };
};

/** The message for the recipient, if its guard lets it through. */
const decide = async (
  { guards, settings, log }: LatestReplyDependencies,
  agent: Agent,
  message: Numbered | undefined,
): Promise<Numbered | undefined> => {
  if (!message || !(await guards.guardsDelivery(message.channel))) return message;
  const { offset, ...published } = message;
  const transformed = await guards.delivery(agent, published, settings.timeouts.onMessageReceived);
  if (!transformed || transformed === "late") return undefined;
  const delivered = { ...transformed, offset };
  const serialized = serialize(delivered);
  if (fits(serialized, settings.limits)) return delivered;
  log.error("delivery_too_large", {
    agent: agent.uuid,
    channel: message.channel,
    uuid: message.uuid,
    bytes: serialized.counted,
  });
  return undefined;
};

/**
 * Posts messages.
 * @returns whether all were posted
 */
const post = async (
  { connections, clock }: LatestReplyDependencies,
  agent: Agent,
  messages: readonly Message[],
): Promise<boolean> => {
  const limits = { postsUntil: clock.now() + POST_MS, retryBudgetMs: POST_MS };
  return (await postTo({ connections, clock }, agent, framesOf(messages.map(serialize)), limits)) === "done";
};
