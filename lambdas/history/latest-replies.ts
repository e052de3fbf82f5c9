import { type Reply, MAX_FRAME_BYTES, type Limits, type Message } from "../../protocol/index.js";
import type { Settings } from "../settings.js";
import type { Agent } from "../connection/agent.js";
import { channelSettings } from "../../protocol/channel-settings.js";
import { keepsLatest, type Latest, type Numbered } from "../publish/latest.js";
import { fits, framesOf, serialize } from "../delivery/serialize.js";
import type { Clock, Connections, GuardPort, Log } from "../ports.js";
import { postTo } from "../delivery/post-to-connections.js";

/** What telling a new subscriber the channels' last messages needs. */
export interface LatestReplyDependencies {
  latest: Pick<Latest, "read">;
  guards: Pick<GuardPort, "guardsDelivery" | "delivery">;
  connections: Pick<Connections, "post">;
  clock: Clock;
  log: Pick<Log, "error">;
  settings: Pick<Settings, "channels" | "timeouts"> & { limits: Pick<Limits, "messageBytes"> };
}

/** Room that is left in a frame of answers, in bytes: an answer that asks the agent to renew may follow. */
const ROOM_BYTES = 256;

/** How long posting what does not fit the frame of answers may take, in milliseconds. */
export const POST_MS = 2_000;

/**
 * Puts the channels' last messages into the answers that grant a subscription to them, once that is stored: so whatever
 * is published meanwhile is either found here, or brought to the subscriber. What a delivery guard withholds is not there.
 * What does not fit the frame is posted, as any message, before the answers.
 * @param granted the answers by channel; in `answers` too
 * @returns the answers, and the channels whose message could not be posted: asking again is safe
 */
export const attachLatest = async (
  system: LatestReplyDependencies,
  agent: Agent,
  granted: ReadonlyMap<string, Reply>,
  answers: readonly Reply[],
): Promise<{ answers: Reply[]; missed: string[] }> => {
  const kept = [...granted.keys()].filter((channel) => keepsLatest(channelSettings(system.settings.channels, channel)));
  if (kept.length === 0) return { answers: [...answers], missed: [] };
  const known = await system.latest.read(kept);
  const decided = await Promise.all(kept.map((channel) => decide(system, agent, known.get(channel))));
  const told = new Map<Reply, Reply>();
  const left: Message[] = [];
  let room = MAX_FRAME_BYTES - ROOM_BYTES - Buffer.byteLength(JSON.stringify(answers));
  for (const message of decided) {
    const answer = message && granted.get(message.channel);
    if (!answer) continue;
    const { channel, uuid, data, offset } = message;
    const latest = { uuid, data, offset };
    const bytes = Buffer.byteLength(JSON.stringify({ latest }));
    if (bytes > room) left.push(message);
    else {
      room -= bytes;
      told.set(answer, { ...answer, data: { ...(answer.data as object), channel, latest } });
    }
  }
  const posted = await post(system, agent, left);
  return {
    answers: answers.map((answer) => told.get(answer) ?? answer),
    missed: posted ? [] : left.map(({ channel }) => channel),
  };
};

/** What the recipient gets of a message, if its guard lets it have any of it. */
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
  const fitting = serialize(delivered);
  if (fits(fitting, settings.limits)) return delivered;
  log.error("delivery_too_large", {
    agent: agent.uuid,
    channel: message.channel,
    uuid: message.uuid,
    bytes: fitting.bytes,
  });
  return undefined;
};

/** Whether all was posted. */
const post = async (
  { connections, clock }: LatestReplyDependencies,
  agent: Agent,
  messages: readonly Message[],
): Promise<boolean> => {
  const patience = { postsUntil: clock.now() + POST_MS, retryBudgetMs: POST_MS };
  return (await postTo({ connections, clock }, agent, framesOf(messages.map(serialize)), patience)) === "done";
};
