import { isWildcard } from "../../../../protocol/channel.js";
import type { Code } from "../../../../protocol/codes.js";
import { Meta, type Reply } from "../../../../protocol/frames.js";
import type { Position } from "../../../../protocol/history.js";
import type { Json } from "../../../../protocol/json.js";
import { MAX_HISTORY_PAGE_SIZE, MAX_TOKEN_BYTES } from "../../../../protocol/limits.js";
import type { Peer } from "./agent.js";
import { about, bytesOf, type ClientFrame, failure, roomIn, success } from "./replies.js";
import { subscriptionError } from "./rules.js";
import type { ServerCore } from "./core.js";

/** How often clients check for newer messages, and say that they are present, in milliseconds: a deployment's defaults. */
const CHECK_MS = 7 * 60_000;
const PRESENCE_MS = 7 * 60_000;

/** Why a token is refused. */
export const TOKEN_ERROR = `A token may have at most ${MAX_TOKEN_BYTES} bytes of JSON.`;

/** One channel of a frame. */
interface Target {
  channel: string;
  since?: Position;
  last?: number;
  present?: boolean;
  token?: Json;
}

const targetsOf = ({ data }: ClientFrame): Target[] => {
  const { channels } = data as { channels?: (string | Target)[] };
  const all = channels ?? [data as unknown as Target];
  const merged = new Map<string, Target>();
  for (const each of all) {
    const target = typeof each === "string" ? { channel: each } : each;
    const { present = true } = target;
    const earlier = merged.get(target.channel);
    merged.set(target.channel, { ...earlier, ...target, present: present || (earlier?.present ?? false) });
  }
  return [...merged.values()];
};

/** Subscribes an agent to the channels of a frame that their guards permit. Each channel has its own reply. */
export const subscribe = async (server: ServerCore, peer: Peer, frame: ClientFrame): Promise<Reply[]> => {
  const { uuid } = frame;
  const { deployment, guards, delivery } = server;
  const targets = targetsOf(frame);
  const max = deployment.limits.channelsPerFrame;
  if (targets.length > max)
    return [failure(Meta.subscribe, uuid, "too_many", `A frame may have at most ${max} channels.`)];
  const no = (channel: string, code: Code, reason?: string): Reply =>
    failure(Meta.subscribe, uuid, code, reason, about(channel));
  const verdicts = await Promise.all(
    targets.map(async (target): Promise<Reply | string[]> => {
      const error = targetError(server, target);
      if (error) return no(target.channel, ...error);
      const verdict = await guards.subscription(peer, target.channel, target.token);
      return verdict.permitted ? verdict.subscribe : no(target.channel, verdict.code, verdict.reason);
    }),
  );
  if (!peer.agent) return [failure(Meta.error, uuid, "unknown_agent")];
  const wishes = new Map(targets.map(({ channel, present = true }) => [channel, present]));
  const granted = new Set<string>();
  const denials: Reply[] = [];
  verdicts.forEach((verdict, at) => {
    if (!Array.isArray(verdict)) return void denials.push(verdict);
    const { channel } = targets[at]!;
    const after = new Set([...peer.subscriptions, ...verdict]);
    if (after.size > Math.max(peer.subscriptions.size, deployment.limits.subscriptionsPerAgent))
      return void denials.push(no(channel, "too_many_subscriptions"));
    server.subscribed(peer, verdict, wishes);
    for (const each of verdict) granted.add(each);
  });
  const asked = targets.filter(({ channel }) => granted.has(channel));
  const unasked = [...granted].filter((channel) => !wishes.has(channel)).map((channel) => ({ channel }));
  const replyTo = (channel: string): Reply => {
    const isMember = delivery.settings(channel).presence && !peer.observed.has(channel);
    return success(Meta.subscribe, uuid, { channel, ...(isMember && { presenceIntervalMs: PRESENCE_MS }) });
  };
  const replies = [
    ...asked.map(({ channel }) => replyTo(channel)),
    ...denials,
    ...unasked.map(({ channel }) => replyTo(channel)),
  ];
  for (const target of [...asked, ...unasked]) await attach(server, peer, target, replies);
  return replies;
};

/** Unsubscribes an agent from the channels of a frame that their guards permit. */
export const unsubscribe = async (server: ServerCore, peer: Peer, frame: ClientFrame): Promise<Reply[]> => {
  const { uuid } = frame;
  const targets = targetsOf(frame);
  const max = server.deployment.limits.channelsPerFrame;
  if (targets.length > max)
    return [failure(Meta.unsubscribe, uuid, "too_many", `A frame may have at most ${max} channels.`)];
  return Promise.all(
    targets.map(async ({ channel }) => {
      const no = (code: Code, reason?: string): Reply => failure(Meta.unsubscribe, uuid, code, reason, about(channel));
      const error = subscriptionError(channel, server.deployment);
      if (error) return no(error);
      const verdict = await server.guards.unsubscription(peer, channel);
      if (!verdict.permitted) return no(verdict.code, verdict.reason);
      if (peer.agent) server.unsubscribed(peer, channel);
      return success(Meta.unsubscribe, uuid, about(channel));
    }),
  );
};

/** Why a channel is refused whatever its guard says. */
const targetError = (
  { deployment, delivery }: ServerCore,
  { channel, last, token }: Target,
): [code: Code, reason?: string] | undefined => {
  const error = subscriptionError(channel, deployment);
  if (error) return [error];
  if (last !== undefined && !(Number.isInteger(last) && last >= 1 && last <= MAX_HISTORY_PAGE_SIZE))
    return ["bad_frame", `last must be a whole number from 1 to ${MAX_HISTORY_PAGE_SIZE}.`];
  if (token !== undefined && bytesOf(token) > MAX_TOKEN_BYTES) return ["too_large", TOKEN_ERROR];
  if (last !== undefined && isWildcard(channel))
    return ["wildcard", "last needs one channel: a wildcard has no history of its own."];
  return last === undefined || delivery.settings(channel).history ? undefined : ["no_history"];
};

/** Adds the channel's history or latest value to the reply that grants its subscription. */
const attach = async (
  server: ServerCore,
  peer: Peer,
  { channel, since, last }: Target,
  replies: Reply[],
): Promise<void> => {
  const { histories, delivery } = server;
  const reply = replies.find(({ data }) => (data as { channel?: string } | undefined)?.channel === channel)!;
  const add = (more: object): void => void (reply.data = { ...(reply.data as object), ...more });
  const log = isWildcard(channel) ? undefined : histories.log(channel);
  if (log) {
    add({ historyCheckIntervalMs: CHECK_MS });
    const decide = (message: Parameters<typeof delivery.permitted>[2]) => delivery.permitted(peer, channel, message);
    return add(await histories.replay(channel, log, { since, last }, decide, roomIn(replies)));
  }
  const { channel: _channel, ...latest } = histories.latest(channel) ?? {};
  if (!("uuid" in latest)) return;
  const permitted = await delivery.permitted(peer, channel, latest);
  if (permitted) add({ latest: permitted });
};
