import { WIRE, type Position } from "../adapter.js";
import { GUARD_CHANNEL, hasPresence } from "../channels.js";
import type { SeededRandom } from "../seeded-random.js";
import type { Clock } from "../clock.js";
import type { Link } from "../link.js";
import { drawOutcome, type FailureName, type FrameOutcome } from "./frame-outcome.js";
import { HistoryLog } from "./history-log.js";
import { Members } from "./members.js";
import { QueryHandler } from "./query-handler.js";
import { PublishHandler } from "./publish-handler.js";
import { frameError } from "./frame-validator.js";
import { SubscribeHandler } from "./subscribe-handler.js";
import type { ServerCore } from "./server-core.js";
import type { Agent, ClientFrame, Deployment, Peer, Policy, ServerObserver, Target } from "./types.js";
import { hasSubscriber, metaChannel, toHistoryMessage } from "./wire-format.js";

/** API Gateway closes idle connections after this time, in milliseconds. */
const IDLE_TIMEOUT_MS = 600_000;

/** How long a browser waits for an unanswered handshake, in milliseconds. */
const HANDSHAKE_TIMEOUT_MS = 120_000;

/** How long an expired agent is still served, in milliseconds. */
const RENEWAL_GRACE_MS = 60_000;

/** A server in memory that implements docs/PROTOCOL.md, with all possible failures. */
export class Server implements ServerCore {
  /** All connections that the server considers open. */
  readonly peers = new Set<Peer>();
  /** Failures that commands have ordered for the next frames. */
  readonly orderedFailures: { failure: FailureName; action?: string }[] = [];
  /** Channels that a guard has refused to unsubscribe at some time. The client decides whether they stay requested. */
  readonly undeniedLeaves = new Set<string>();
  /** Ended connections with their subscriptions. */
  readonly gone: { link: Link; subscriptions: Set<string>; at: number }[] = [];
  readonly publishing: PublishHandler = new PublishHandler(this);
  readonly members: Members;
  /** When other functions last began to serve the deployment. */
  releasedAt = -Infinity;
  readonly #subscribing = new SubscribeHandler(this);
  readonly #informing = new QueryHandler(this);
  readonly #logs = new Map<string, HistoryLog>();
  /** The ids of other members by channel and visitor. */
  readonly #visitors = new Map<string, string>();
  #visits = 0;
  #agents = 0;

  constructor(
    readonly clock: Clock,
    readonly chance: SeededRandom,
    readonly policy: Policy,
    readonly deployment: Deployment,
    readonly observer: ServerObserver,
  ) {
    this.members = new Members(
      clock,
      deployment,
      observer,
      () => policy.isOld,
      (channel, data, uuid) => this.publishing.announce(channel, data, uuid),
    );
  }

  /** Another version's functions serve the deployment from now on: an update or a rollback. */
  release(): void {
    this.policy.isOld = !this.policy.isOld;
    this.releasedAt = this.clock.now;
    this.members.releaseChanged();
  }

  /**
   * Another client does something on a channel with presence: it leaves, or joins as a user or without one. A member
   * sometimes sets or removes its state instead.
   */
  visit(channel: string, visitor: number, setsState: boolean): void {
    const key = `${channel} ${visitor}`;
    const agent = this.#visitors.get(key);
    if (agent === undefined) {
      this.#visits += 1;
      const joined = `visitor${visitor}-${this.#visits}`;
      this.#visitors.set(key, joined);
      const isUser = visitor > 0 && !this.policy.isOld;
      this.members.join(channel, { agent: joined, session: joined, ...(isUser && { userId: `user${visitor}` }) });
    } else if (setsState && !this.policy.isOld) {
      this.#visits += 1;
      this.members.setState(channel, agent, this.#visits % 4 === 0 ? null : { visit: this.#visits });
    } else {
      this.#visitors.delete(key);
      this.members.leave(channel, agent);
    }
  }

  /** The history of a channel. */
  log(channel: string): HistoryLog {
    let log = this.#logs.get(channel);
    if (!log) this.#logs.set(channel, (log = new HistoryLog(channel, this.deployment.historySize)));
    return log;
  }

  /** A handshake begins. */
  handshake(link: Link, protocols: string[]): void {
    const { clock, chance, policy } = this;
    const wait = 1 + chance.delay(2_000);
    // No answer: the browser stops waiting.
    if (policy.hangs) return void clock.later(HANDSHAKE_TIMEOUT_MS, () => link.finish(1006));
    clock.later(wait, () => {
      if (!link.inUse) return;
      if (policy.refusesUntil > clock.now) return link.finish(1006);
      const peer: Peer = {
        link,
        session: "",
        openedAt: clock.now,
        activeAt: clock.now,
        operations: new Map(),
        notices: new Set(),
      };
      link.serverEnd = { received: (text, sentAt) => this.#received(peer, text, sentAt), gone: () => this.#left(peer) };
      const code = policy.deniedConnections;
      if (code && (!this.deployment.explains || !protocols.includes("push-it.v1.denied"))) return link.finish(1006);
      if (code) peer.denial = { code, error: `No, ${code}.` };
      else {
        peer.agent = this.#agent(protocols);
        peer.session = peer.agent.session;
      }
      this.peers.add(peer);
      link.accept(code ? "push-it.v1.denied" : "push-it.v1");
      clock.later(this.deployment.lifetime, () => this.close(peer, 1001, "Going away"));
      this.#watchIdle(peer);
    });
  }

  /** Closes a connection from the server's side. */
  close(peer: Peer, code: number, reason = ""): void {
    if (!this.peers.has(peer)) return;
    this.#left(peer);
    peer.link.finish(code, reason);
  }

  /** Revokes an agent for the back end. */
  revoke(peer: Peer): void {
    this.post(peer, [{ channel: "/meta/connect", successful: false, code: "revoked", error: "Enough." }]);
    this.close(peer, 1000);
  }

  /** Revokes a subscription for the back end. */
  revokeSubscription(peer: Peer, channel: string): void {
    if (!peer.agent?.subscriptions.has(channel)) return;
    this.unsubscribe(peer, channel);
    peer.notices.add(channel);
    const notice = {
      channel: "/meta/unsubscribe",
      successful: true,
      code: "revoked",
      error: "Enough.",
      data: { channel },
    };
    this.post(peer, [notice], () => peer.notices.delete(channel));
  }

  /** Subscribes an agent. */
  subscribe({ agent, link }: Peer, { channel, present = true }: Target): void {
    if (!agent) return;
    agent.subscriptions.add(channel);
    if (!hasPresence(channel)) return;
    if (present || this.policy.isOld)
      this.members.join(channel, { agent: agent.id, session: agent.session, link: link.id });
    else this.members.leave(channel, agent.id);
  }

  /** Unsubscribes an agent. */
  unsubscribe({ agent }: Peer, channel: string): void {
    if (agent?.subscriptions.delete(channel)) this.members.leave(channel, agent.id);
  }

  /** Whether an agent's subscriptions match the channel. */
  isSubscribed(peer: Peer, channel: string): boolean {
    return peer.agent !== undefined && hasSubscriber(peer.agent.subscriptions, channel);
  }

  /** Sends objects in one frame. `lost` runs if the client has closed. */
  post(peer: Peer, objects: object[], delivered?: () => void, lost?: () => void): void {
    if (!this.peers.has(peer)) return lost?.();
    peer.activeAt = this.clock.now;
    peer.link.post(JSON.stringify(objects.length === 1 ? objects[0] : objects), delivered, lost);
  }

  /** Answers a frame, and asks an expired agent to renew. `lost` runs if the answer does not arrive. */
  answer(peer: Peer, objects: object[], fate: FrameOutcome, lost?: () => void): void {
    const { agent } = peer;
    if (fate.reply === "nothing") return;
    if (fate.reply !== "answer") {
      const message = fate.reply === "internal" ? "Internal server error" : "Too Many Requests";
      return this.post(peer, [{ message, connectionId: "c", requestId: "r" }]);
    }
    if (agent?.expiresAt !== undefined && agent.expiresAt <= this.clock.now)
      objects.push({
        channel: "/meta/refresh",
        successful: true,
        data: { [WIRE.expiresIn]: agent.expiresAt - this.clock.now },
      });
    this.post(peer, objects, undefined, lost);
  }

  /** The remaining validity of an agent; empty if unlimited. */
  expiryOf(agent: Agent): Record<string, number> {
    return agent.expiresAt === undefined ? {} : { [WIRE.expiresIn]: agent.expiresAt - this.clock.now };
  }

  /** A page of a channel's history in wire format. */
  replay(channel: string, since: Position | undefined, most: number): Record<string, unknown> {
    const log = this.log(channel);
    const page = since ? log.replay(since, this.clock.now, most) : log.read(0, this.clock.now, most);
    return {
      channel,
      position: { epoch: page.epoch, offset: page.offset },
      ...(since && { recovered: !page.code }),
      ...(page.code && { code: page.code }),
      ...(page.messages.length > 0 && {
        messages: page.messages.filter((message) => !message.withheld).map(toHistoryMessage),
      }),
      ...(page.more && { more: true }),
      ...(page.pending !== undefined && { [WIRE.pending]: page.pending }),
    };
  }

  #agent(protocols: string[]): Agent {
    const { policy, clock, deployment } = this;
    const session = protocols.find((protocol) => protocol.startsWith("push-it.session."));
    this.#agents += 1;
    return {
      id: `agent${this.#agents}`,
      session: session ?? `agent${this.#agents}`,
      subscriptions: new Set(deployment.guardSubscribes.length > 0 ? [GUARD_CHANNEL] : []),
      ...(policy.renewalMs !== undefined && { expiresAt: clock.now + policy.renewalMs }),
    };
  }

  #watchIdle(peer: Peer): void {
    this.clock.at(peer.activeAt + IDLE_TIMEOUT_MS, "server", () => {
      if (!this.peers.has(peer)) return;
      if (this.clock.now - peer.activeAt >= IDLE_TIMEOUT_MS) this.close(peer, 1001, "Going away");
      else this.#watchIdle(peer);
    });
  }

  #left(peer: Peer): void {
    this.peers.delete(peer);
    const { agent } = peer;
    if (agent) this.gone.push({ link: peer.link, subscriptions: agent.subscriptions, at: this.clock.now });
    peer.agent = undefined;
    for (const channel of agent?.subscriptions ?? []) this.members.leave(channel, agent!.id);
  }

  #received(peer: Peer, text: string, sentAt: number): void {
    const { clock, chance, policy } = this;
    const fault = frameError(text);
    if (fault) return this.observer.malformed(text, fault);
    const frame = JSON.parse(text) as ClientFrame;
    peer.activeAt = clock.now;
    if (peer.denial) return this.#deny(peer, frame);
    const at = this.orderedFailures.findIndex(({ action }) => !action || action === frame.action);
    const orderedFailures = at >= 0 ? this.orderedFailures.splice(at, 1)[0]!.failure : undefined;
    const fate = drawOutcome(chance, frame.action, policy.trouble, orderedFailures);
    // API Gateway times out before the client does.
    fate.work = Math.max(1, Math.min(fate.work, sentAt + 28_500 - clock.now));
    clock.later(chance.delay(60), () => this.#begin(peer, frame, fate));
  }

  #deny(peer: Peer, { action, uuid }: ClientFrame): void {
    if (action === "send") return;
    this.post(peer, [{ channel: "/meta/connect", uuid, successful: false, ...peer.denial }]);
    if (action === "connect" || action === "ping") this.close(peer, 1000);
  }

  #begin(peer: Peer, frame: ClientFrame, fate: FrameOutcome): void {
    const { agent } = peer;
    const { action, uuid } = frame;
    this.observer.note(() => `server: ${action} ${uuid} on link ${peer.link.id}: ${JSON.stringify(fate)}`);
    const publishes = action === "publish" || action === "send";
    if (!this.peers.has(peer)) return publishes ? this.publishing.run(peer, frame, fate) : undefined;
    const over = agent?.expiresAt !== undefined && agent.expiresAt + RENEWAL_GRACE_MS <= this.clock.now;
    if (!agent || over) {
      const code = over ? "expired" : "unknown_agent";
      this.post(peer, [
        { channel: over ? "/meta/refresh" : metaChannel(action), uuid, successful: false, code, error: code },
      ]);
      return this.close(peer, 1000);
    }
    if (publishes) this.publishing.run(peer, frame, fate);
    else if (action === "subscribe" || action === "unsubscribe") this.#subscribing.run(peer, frame, fate);
    else this.#informing.run(peer, agent, frame, fate);
  }
}
