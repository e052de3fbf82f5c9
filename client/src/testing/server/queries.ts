import { someChannel } from "../../../../protocol/channel-settings.js";
import type { Code } from "../../../../protocol/codes.js";
import { type ConnectionInfo, Meta, type Reply } from "../../../../protocol/frames.js";
import type { HistoryQuery, Position } from "../../../../protocol/history.js";
import type { Json } from "../../../../protocol/json.js";
import { MAX_FRAME_BYTES, MAX_STATE_BYTES, MAX_TOKEN_BYTES } from "../../../../protocol/limits.js";
import type { Member, PresenceQuery, StateChange } from "../../../../protocol/presence.js";
import { admitted } from "./admission.js";
import type { Peer } from "./agent.js";
import { about, bytesOf, type ClientFrame, countFitting, failure, metaOf, success } from "./replies.js";
import { publicationError, subscriptionError } from "./rules.js";
import type { ServerCore } from "./core.js";
import { TOKEN_ERROR } from "./subscribe.js";

/** Bytes of a frame that stay free for the rest of a reply. */
const ENVELOPE_BYTES = 1_024;

/** An agent that has to be renewed within this time is news, in milliseconds. */
const NEAR_EXPIRY_MS = 60_000;

const NO_STATE = "Members of this channel have no state.";
const NO_MEMBER = "This agent is not a member of the channel. Subscribe to it first.";
const STATE_TOO_LARGE = `A state may have at most ${MAX_STATE_BYTES} bytes of JSON.`;

/** Answers `ping`, `heartbeat`, `connect`, `refresh`, `history`, `presence` and `state`. */
export const answerQuery = async (server: ServerCore, peer: Peer, frame: ClientFrame): Promise<Reply[]> => {
  const { action, uuid } = frame;
  const { channels } = server.deployment;
  if (action === "ping" || action === "connect") return [success(metaOf(action), uuid, infoOf(server, peer, frame))];
  if (action === "heartbeat") {
    const info = infoOf(server, peer, frame);
    const isNews = info.laggingChannels ?? info.absentChannels ?? (info.expiresInMs ?? Infinity) < NEAR_EXPIRY_MS;
    return isNews ? [success(Meta.ping, uuid, info)] : [];
  }
  if (action === "refresh") return [await refresh(server, peer, frame)];
  if (action === "history" && someChannel(channels, ({ history }) => history))
    return [await history(server, peer, frame)];
  if (action === "presence" && someChannel(channels, ({ presence }) => presence))
    return [await presence(server, peer, frame)];
  if (action === "state" && someChannel(channels, ({ presenceState }) => presenceState))
    return [await changeState(server, peer, frame)];
  return [failure(Meta.error, uuid, "unknown_action")];
};

/** `data` of the replies to `ping`, `connect` and `refresh`. */
const infoOf = (
  { deployment, clock, histories, members, delivery }: ServerCore,
  { agent, subscriptions }: Peer,
  { data }: Pick<ClientFrame, "data">,
): ConnectionInfo => {
  const { positions = {}, presentChannels = [] } = (data ?? {}) as unknown as {
    positions?: Record<string, Position>;
    presentChannels?: string[];
  };
  const { uuid, userId, expiresAt } = agent!;
  const lagging = Object.entries(positions)
    .filter(([channel, { epoch, offset }]) => {
      const head = subscriptions.has(channel) ? histories.log(channel)?.head : undefined;
      return head && !(head.epoch === epoch && head.offset <= offset);
    })
    .map(([channel]) => channel);
  const absent = presentChannels.filter(
    (channel) => delivery.settings(channel).presence && !members.isPresent(channel, uuid),
  );
  return {
    agent: uuid,
    ...(userId !== undefined && { userId }),
    timeouts: deployment.timeouts,
    limits: { ...deployment.limits, frameBytes: MAX_FRAME_BYTES },
    ...(lagging.length > 0 && { laggingChannels: lagging }),
    ...(absent.length > 0 && { absentChannels: absent }),
    ...(expiresAt !== undefined && { expiresInMs: expiresAt - clock.now() }),
    heartbeats: true,
  };
};

const refresh = async (server: ServerCore, peer: Peer, { uuid, data }: ClientFrame): Promise<Reply> => {
  const { deployment, guards, delivery, members } = server;
  const { credentials } = (data ?? {}) as { credentials?: Json };
  const { credentialsBytes, subscriptionsPerAgent } = deployment.limits;
  const no = (code: Code, reason?: string): Reply => failure(Meta.refresh, uuid, code, reason);
  if (credentials !== undefined && bytesOf(credentials) > credentialsBytes)
    return no("too_large", `Credentials may have at most ${credentialsBytes} bytes of JSON.`);
  const { credentials: _replaced, ...agent } = peer.agent!;
  const candidate = { ...agent, ...(credentials !== undefined && { credentials }) };
  const verdict = await guards.connection(peer, candidate, true);
  if (!verdict.permitted) return no(verdict.code, verdict.reason);
  if (!peer.agent) return no("unknown_agent");
  if (verdict.userId !== undefined && verdict.userId !== agent.userId)
    return no("denied", "An agent cannot become another user's.");
  const after = new Set([...peer.subscriptions, ...verdict.subscribe]);
  if (after.size > Math.max(peer.subscriptions.size, subscriptionsPerAgent)) return no("too_many_subscriptions");
  peer.agent = {
    ...admitted({ uuid: agent.uuid }, verdict),
    ...(agent.userId !== undefined && { userId: agent.userId }),
  };
  server.subscribed(peer, verdict.subscribe);
  for (const channel of peer.subscriptions)
    if (delivery.settings(channel).presence && !peer.observed.has(channel)) members.join(channel, peer);
  return success(Meta.refresh, uuid, infoOf(server, peer, {}));
};

/** Why an agent may not read a channel's history or members: only an agent that may subscribe may. */
const queryError = async (
  server: ServerCore,
  peer: Peer,
  { channel, token }: { channel: string; token?: Json },
  none: Code | undefined,
): Promise<[code: Code, reason?: string] | undefined> => {
  if (token !== undefined && bytesOf(token) > MAX_TOKEN_BYTES) return ["too_large", TOKEN_ERROR];
  const error = subscriptionError(channel, server.deployment) ?? none;
  if (error) return [error];
  const verdict = await server.guards.subscription(peer, channel, token);
  if (!verdict.permitted) return [verdict.code, verdict.reason ?? ""];
  return verdict.subscribe.includes(channel) ? undefined : ["denied"];
};

const history = async (server: ServerCore, peer: Peer, { uuid, data }: ClientFrame): Promise<Reply> => {
  const query = data as unknown as HistoryQuery;
  const { channel } = query;
  const log = server.histories.log(channel);
  const error = await queryError(server, peer, query, log ? undefined : "no_history");
  if (error) return failure(Meta.history, uuid, error[0], error[1], about(channel));
  const decide = (message: Parameters<typeof server.delivery.permitted>[2]) =>
    server.delivery.permitted(peer, channel, message);
  return success(
    Meta.history,
    uuid,
    await server.histories.reply(log!, query, decide, MAX_FRAME_BYTES - ENVELOPE_BYTES),
  );
};

const presence = async (server: ServerCore, peer: Peer, { uuid, data }: ClientFrame): Promise<Reply> => {
  const query = data as unknown as PresenceQuery;
  const { channel, after } = query;
  const none = server.delivery.settings(channel).presence ? undefined : "no_presence";
  const error = await queryError(server, peer, query, none);
  if (error) return failure(Meta.presence, uuid, error[0], error[1], about(channel));
  const all = server.members.list(channel);
  const from = after === undefined ? 0 : all.findIndex(({ agent }) => agent === after) + 1;
  const members = await Promise.all(all.slice(from).map((member) => withPermittedState(server, peer, channel, member)));
  const page = members.slice(0, countFitting(members, MAX_FRAME_BYTES - ENVELOPE_BYTES));
  return success(Meta.presence, uuid, {
    channel,
    count: all.length,
    members: page,
    ...(page.length < members.length && { more: page.at(-1)!.agent }),
  });
};

/** A member with its state as the reader's delivery guard permits it. */
const withPermittedState = async (
  { guards }: ServerCore,
  peer: Peer,
  channel: string,
  { state, ...member }: Member,
): Promise<Member> => {
  if (state === undefined) return member;
  if (!guards.guardsDelivery(channel)) return { ...member, state };
  const permitted = await guards.delivery(peer, { channel, uuid: `state-${member.agent}`, data: state });
  return !permitted || bytesOf(permitted.data) > bytesOf(state) ? member : { ...member, state: permitted.data };
};

const changeState = async (server: ServerCore, peer: Peer, { uuid, data }: ClientFrame): Promise<Reply> => {
  const { channel, state } = data as unknown as StateChange;
  const no = (code: Code, reason?: string): Reply => failure(Meta.presence, uuid, code, reason, about(channel));
  const error = publicationError(channel, server.deployment);
  if (error) return no(error);
  if (!server.delivery.settings(channel).presenceState) return no("no_presence", NO_STATE);
  if (bytesOf(state) > MAX_STATE_BYTES) return no("too_large", STATE_TOO_LARGE);
  let permitted = state;
  if (state !== null) {
    const verdict = await server.guards.presence(peer, { channel, uuid, data: state });
    if (!verdict.permitted) return no(verdict.code, verdict.reason);
    permitted = verdict.state;
    // A publication guard may have replaced it.
    if (bytesOf(permitted) > MAX_STATE_BYTES) return no("too_large", STATE_TOO_LARGE);
  }
  if (!peer.agent || !server.members.setState(channel, peer, permitted)) return no("no_presence", NO_MEMBER);
  return success(Meta.presence, uuid, about(channel));
};
