import { WIRE, type Position } from "../adapter.js";
import { hasHistory, hasPresence, isWildcard } from "../channels.js";
import type { FrameOutcome } from "./frame-outcome.js";
import type { Agent, ClientFrame, Peer, ServerCore } from "./types.js";
import { toHistoryMessage } from "./wire-format.js";

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

/** Answers `ping`, `connect`, `refresh`, `history` and `presence`. */
export class QueryHandler {
  constructor(readonly server: ServerCore) {}

  /** Handles a frame. Its answer follows later. */
  run(peer: Peer, agent: Agent, frame: ClientFrame, fate: FrameOutcome): void {
    const { clock, chance } = this.server;
    const { action, uuid } = frame;
    let data: Record<string, unknown> | string = {};
    let ends = false;
    clock.later(fate.work * chance.next(), () => {
      if (!peer.agent) return;
      if (fate.code) data = fate.code;
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
      const channel = `/meta/${action}`;
      if (typeof data !== "string") return this.server.answer(peer, [{ channel, uuid, successful: true, data }], fate);
      const about = frame.data?.channel === undefined ? {} : { data: { channel: frame.data.channel } };
      this.server.answer(
        peer,
        [{ channel, uuid, successful: false, code: data, error: `No: ${data}.`, ...about }],
        fate,
      );
      if (ends) this.server.close(peer, 1000);
    });
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
    const absent = (present ?? []).filter((channel) => hasPresence(channel) && !this.#stays(agent, channel));
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
    };
  }

  /** Renews the presence of an agent; `false` if it counts as gone. */
  #stays(agent: Agent, channel: string): boolean {
    const { clock, deployment } = this.server;
    if (!((agent.leases.get(channel) ?? 0) > clock.now)) return false;
    agent.leases.set(channel, clock.now + deployment.presenceLease);
    return true;
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
    const { policy, clock } = this.server;
    const { channel = "", after = "0" } = data as { channel?: string; after?: string };
    const code = policy.deniedSubscriptions.get(channel);
    if (code) return code;
    if (!hasPresence(channel) || isWildcard(channel)) return "no_presence";
    const agents = [...this.server.peers].flatMap(({ agent }) =>
      agent && (agent.leases.get(channel) ?? 0) > clock.now ? [agent.id] : [],
    );
    const all = [...agents, ...(this.server.publishing.visitors.get(channel) ?? [])];
    const next = Number(after) + MEMBERS_PER_PAGE;
    const members = all.slice(Number(after), next).map((agent) => ({ agent }));
    return { channel, count: all.length, members, ...(next < all.length && { more: String(next) }) };
  }
}
