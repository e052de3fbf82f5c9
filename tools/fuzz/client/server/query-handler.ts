import { WIRE, type Position } from "../adapter.js";
import { hasHistory, hasPresence, isWildcard } from "../channels.js";
import { isDone, type FrameOutcome } from "./frame-outcome.js";
import type { ServerCore } from "./server-core.js";
import type { Agent, ClientFrame, Peer } from "./types.js";
import { metaChannel, toHistoryMessage } from "./wire-format.js";

/** Guard timeouts, as `ping` reports them. */
const TIMEOUTS = {
  onConnectionRequest: 5_000,
  onSubscriptionRequest: 5_000,
  onPublicationRequest: 5_000,
  onUnsubscriptionRequest: 5_000,
  onMessageReceived: 5_000,
  onDisconnect: 5_000,
};

/** Members in one page of a presence answer. */
const MEMBERS_PER_PAGE = 2;

/** Time left to an agent below which a heartbeat is answered, in milliseconds. */
const NEAR_EXPIRY_MS = 60_000;

/** Answers `ping`, `heartbeat`, `connect`, `refresh`, `history`, `presence` and `state`. */
export class QueryHandler {
  constructor(readonly server: ServerCore) {}

  /** Handles a frame. Its answer follows later. */
  run(peer: Peer, agent: Agent, frame: ClientFrame, fate: FrameOutcome): void {
    const { clock, chance } = this.server;
    const { action, uuid } = frame;
    let data: Record<string, unknown> | string = {};
    let ends = false;
    if (this.server.policy.isOld && (action === "heartbeat" || action === "state"))
      return void clock.later(fate.work, () => this.#unknownAction(peer, frame, fate));
    clock.later(fate.work * chance.next(), () => {
      if (!peer.agent) return;
      if (action === "state") data = this.#state(agent, frame, fate);
      else if (fate.code) data = fate.code;
      else if (action === "history") data = this.#history(frame);
      else if (action === "presence") data = this.#presence(frame);
      else if (action === "refresh" && fate.done !== "nothing") {
        const denied = this.server.policy.deniedConnections;
        data = denied ?? this.#renewed(agent);
        ends = denied === "denied";
      } else data = this.#connectionInfo(agent, frame);
      if (ends) peer.agent = undefined;
    });
    clock.later(fate.work + 1, () => {
      const channel = metaChannel(action);
      if (action === "heartbeat" && typeof data !== "string" && !hasNews(data)) return;
      if (typeof data !== "string") return this.server.answer(peer, [{ channel, uuid, successful: true, data }], fate);
      const about = frame.data?.channel === undefined ? {} : { data: { channel: frame.data.channel } };
      this.server.answer(
        peer,
        [{ channel, uuid, successful: false, code: data, error: `No ${action}: ${data}.`, ...about }],
        fate,
      );
      if (ends) this.server.close(peer, 1000);
    });
  }

  #unknownAction(peer: Peer, { action, uuid }: ClientFrame, fate: FrameOutcome): void {
    const code = "unknown_action";
    this.server.answer(
      peer,
      [{ channel: "/meta/error", uuid, successful: false, code, error: `No ${action}: ${code}.` }],
      fate,
    );
  }

  /** Sets the state of an agent. Returns the reply's data, or the code. */
  #state(agent: Agent, { data }: ClientFrame, fate: FrameOutcome): Record<string, unknown> | string {
    const { policy, chance, members } = this.server;
    const { channel = "", state } = data as { channel?: string; state: unknown };
    const denied = state === null ? undefined : policy.deniedStates.get(channel);
    const code = (hasPresence(channel) ? denied : "no_presence") ?? fate.code;
    if (isDone(chance, fate, code) && !members.setState(channel, agent.id, state)) return "no_presence";
    return code ?? { channel };
  }

  #renewed(agent: Agent): Record<string, unknown> {
    const { policy, clock } = this.server;
    if (policy.renewalMs === undefined) delete agent.expiresAt;
    else agent.expiresAt = clock.now + policy.renewalMs;
    return this.#connectionInfo(agent);
  }

  #connectionInfo(agent: Agent, frame?: ClientFrame): Record<string, unknown> {
    const { policy } = this.server;
    const { positions, [WIRE.present]: present } = (frame?.data ?? {}) as {
      positions?: Record<string, Position>;
      [WIRE.present]?: string[];
    };
    const lagging = Object.entries(positions ?? {})
      .filter(([channel, position]) => hasHistory(channel) && this.server.log(channel).goesOn(position))
      .map(([channel]) => channel);
    const absent = this.server.members.renew(agent.id, (present ?? []).filter(hasPresence));
    return {
      agent: agent.id,
      timeouts: TIMEOUTS,
      limits: {
        frameBytes: 32_768,
        messageBytes: 32_768,
        channelsPerFrame: policy.channelsPerFrame,
        messagesPerFrame: policy.messagesPerFrame,
        channelLength: 128,
        channelPunctuation: "_-.:@=+,~!",
        subscriptionsPerAgent: 100,
        agentsPerUser: 100,
        publicationsPerSecond: 100,
        subscriptionChangesPerSecond: 25,
        ratesPerUser: 10,
        credentialsBytes: 4_096,
      },
      ...(lagging.length > 0 && { [WIRE.lagging]: lagging }),
      ...(absent.length > 0 && { [WIRE.absent]: absent }),
      ...this.server.expiryOf(agent),
      ...(!policy.isOld && { [WIRE.heartbeats]: true }),
    };
  }

  #history({ data }: ClientFrame): Record<string, unknown> | string {
    const { policy, deployment, clock } = this.server;
    const {
      channel = "",
      since,
      limit = 100,
      reverse,
    } = data as { channel?: string; since?: Position; limit?: number; reverse?: boolean };
    const code = policy.deniedSubscriptions.get(channel);
    if (code) return code;
    if (!hasHistory(channel)) return "no_history";
    const most = Math.min(limit, deployment.page);
    if (!reverse) return this.server.replay(channel, since, most);
    const log = this.server.log(channel);
    const { messages: all, pending } = log.read(0, clock.now, Infinity);
    const messages = all
      .slice(-most)
      .filter(({ withheld }) => !withheld)
      .reverse();
    return {
      channel,
      ...(pending !== undefined && { [WIRE.pending]: pending }),
      position: { epoch: log.epoch, offset: messages.at(-1)?.offset ?? 0 },
      messages: messages.map(toHistoryMessage),
    };
  }

  #presence({ data }: ClientFrame): Record<string, unknown> | string {
    const { policy, members } = this.server;
    const { channel = "", after = "0" } = data as { channel?: string; after?: string };
    const code = policy.deniedSubscriptions.get(channel);
    if (code) return code;
    if (!hasPresence(channel) || isWildcard(channel)) return "no_presence";
    const all = members.list(channel);
    const next = Number(after) + MEMBERS_PER_PAGE;
    return {
      channel,
      count: all.length,
      members: all.slice(Number(after), next),
      ...(next < all.length && { more: String(next) }),
    };
  }
}

/** Whether the information about a connection has something that a heartbeat's sender has to know. */
const hasNews = (data: Record<string, unknown>): boolean =>
  WIRE.lagging in data ||
  WIRE.absent in data ||
  ((data[WIRE.expiresIn] as number | undefined) ?? Infinity) < NEAR_EXPIRY_MS;
