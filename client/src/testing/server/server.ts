import { Meta, type Message, type Reply } from "../../../../protocol/frames.js";
import type { Guards as GuardModule } from "../../../../protocol/guards.js";
import type { Json } from "../../../../protocol/json.js";
import { RENEWAL_GRACE_SECONDS } from "../../../../protocol/limits.js";
import { CREDENTIALS_PREFIX, SESSION_PREFIX, SUBPROTOCOL, SUBPROTOCOL_DENIED } from "../../../../protocol/version.js";
import type { Clock } from "../clock.js";
import type { EventLoop } from "../event-loop.js";
import type { Link } from "../network.js";
import type { Deployment } from "../options.js";
import { admitted, decodeCredentials, tooManyAgents } from "./admission.js";
import type { Agent, Denial, Peer } from "./agent.js";
import type { ServerCore } from "./core.js";
import { Delivery } from "./delivery.js";
import { Guards } from "./guards.js";
import { Histories } from "./histories.js";
import { Members } from "./members.js";
import { publishFrame } from "./publish.js";
import { answerQuery } from "./queries.js";
import { bytesOf, type ClientFrame, failure, metaOf } from "./replies.js";
import { subscribe, unsubscribe } from "./subscribe.js";

/** API Gateway closes idle connections after this time, and every connection after the other, in milliseconds. */
const IDLE_MS = 600_000;
const LIFETIME_MS = 7_200_000;

/** A Push-It in memory: docs/PROTOCOL.md, without the failures of a network and of AWS. */
export class FakeServer implements ServerCore {
  readonly peers = new Set<Peer>();
  readonly guards: Guards;
  readonly histories: Histories;
  readonly members: Members;
  readonly delivery: Delivery;
  readonly #ids = new Map<string, number>();

  constructor(
    readonly deployment: Deployment,
    readonly clock: Clock,
    readonly loop: EventLoop,
    guardFailed: (guard: string, error: unknown) => void,
    accepted: (message: Message) => void,
  ) {
    this.histories = new Histories(deployment, clock);
    this.guards = new Guards(deployment, clock, (query) => this.histories.readForGuard(query), guardFailed);
    this.delivery = new Delivery(this, accepted);
    this.members = new Members(clock, deployment.presenceGraceMs, (channel, data) => {
      const message = { channel: Meta.presence, uuid: this.newId("presence"), data: data as unknown as Json };
      loop.run(async () => void (await this.delivery.deliver([{ message, to: channel }])));
    });
  }

  /** Replaces the guards. */
  use(module: GuardModule | undefined): void {
    this.guards.use(module);
  }

  /** A new id: short and the same in every run. */
  newId(kind: string): string {
    const number = (this.#ids.get(kind) ?? 0) + 1;
    this.#ids.set(kind, number);
    return `${kind}-${number}`;
  }

  /** A handshake begins. */
  handshake(link: Link): void {
    const connectionId = this.newId("connection");
    const session = link.protocols.find((each) => each.startsWith(SESSION_PREFIX)) ?? connectionId;
    const peer: Peer = {
      connectionId,
      link,
      session,
      subscriptions: new Set(),
      observed: new Set(),
      activeAt: this.clock.now(),
    };
    link.serverEnd = {
      received: (text) => this.loop.run(() => this.#received(peer, JSON.parse(text) as ClientFrame)),
      gone: () => this.remove(peer),
    };
    this.loop.run(() => this.#connect(peer, link.protocols));
  }

  /** Sends objects in one frame. */
  post(peer: Peer, objects: readonly object[]): void {
    if (!this.peers.has(peer) || objects.length === 0) return;
    peer.activeAt = this.clock.now();
    peer.link.post(JSON.stringify(objects.length === 1 ? objects[0] : objects));
  }

  /** Closes a connection, and ends its agent. */
  close(peer: Peer, code = 1000, reason = ""): void {
    this.remove(peer);
    peer.link.finish(code, reason);
  }

  /** Ends an agent, and calls the guard `onDisconnect`. */
  remove(peer: Peer): void {
    this.peers.delete(peer);
    const { agent } = peer;
    if (!agent) return;
    for (const channel of peer.subscriptions) this.members.leave(channel, peer, agent.uuid);
    peer.agent = undefined;
    this.loop.run(() => this.guards.disconnected(peer, agent));
  }

  /** Whether an agent was not renewed in time. Its connection is then closed. */
  expires(peer: Peer, uuid?: string): boolean {
    const { expiresAt = Infinity } = peer.agent ?? {};
    if (expiresAt + RENEWAL_GRACE_SECONDS * 1000 > this.clock.now()) return false;
    const { uuid: _uuid, ...notice } = failure(Meta.refresh, "", "expired");
    this.post(peer, [{ ...notice, ...(uuid !== undefined && { uuid }) }]);
    this.close(peer);
    return true;
  }

  async #connect(peer: Peer, protocols: readonly string[]): Promise<void> {
    const { link } = peer;
    const agent: Agent = { uuid: this.newId("agent"), ...decodeCredentials(protocols, CREDENTIALS_PREFIX) };
    const denial = await this.#decide(peer, agent);
    if (!link.serverEnd) return this.remove(peer);
    if (denial && !protocols.includes(SUBPROTOCOL_DENIED)) return link.finish(1006);
    if (denial) peer.denial = denial;
    this.peers.add(peer);
    link.accept(denial ? SUBPROTOCOL_DENIED : SUBPROTOCOL);
    this.clock.after(LIFETIME_MS, () => this.#closeIfOpen(peer));
    this.#watchIdle(peer);
  }

  /** Runs the connection guard, and makes the agent. Returns why there is none. */
  async #decide(peer: Peer, agent: Agent): Promise<Denial | undefined> {
    const { limits } = this.deployment;
    if (agent.credentials !== undefined && bytesOf(agent.credentials) > limits.credentialsBytes)
      return { code: "credentials_too_large" };
    const verdict = await this.guards.connection(peer, agent, false);
    if (!verdict.permitted) return verdict;
    if (new Set(verdict.subscribe).size > limits.subscriptionsPerAgent) return { code: "too_many_subscriptions" };
    const candidate = admitted(agent, verdict);
    if (tooManyAgents(this.peers, peer, candidate, limits)) return { code: "too_many_agents" };
    peer.agent = candidate;
    this.subscribed(peer, verdict.subscribe);
    return undefined;
  }

  /** Subscribes an agent, and makes it a member if it does not want otherwise. */
  subscribed(peer: Peer, channels: readonly string[], wishes: ReadonlyMap<string, boolean> = new Map()): void {
    for (const channel of channels) {
      peer.subscriptions.add(channel);
      if (!this.delivery.settings(channel).presence) continue;
      const isPresent = wishes.get(channel) ?? !peer.observed.has(channel);
      if (isPresent) {
        peer.observed.delete(channel);
        this.members.join(channel, peer);
      } else {
        peer.observed.add(channel);
        this.members.leave(channel, peer, peer.agent!.uuid);
      }
    }
  }

  /** Unsubscribes an agent. */
  unsubscribed(peer: Peer, channel: string): void {
    if (!peer.subscriptions.delete(channel)) return;
    peer.observed.delete(channel);
    this.members.leave(channel, peer, peer.agent!.uuid);
  }

  async #received(peer: Peer, frame: ClientFrame): Promise<void> {
    peer.activeAt = this.clock.now();
    const { action, uuid } = frame;
    if (peer.denial) {
      if (action === "send") return;
      this.post(peer, [failure(Meta.connect, uuid, peer.denial.code, peer.denial.reason)]);
      if (action === "connect" || action === "ping") this.close(peer);
      return;
    }
    if (!this.peers.has(peer) || this.expires(peer, uuid)) return;
    if (!peer.agent) {
      this.post(peer, [failure(metaOf(action), uuid, "unknown_agent")]);
      return this.close(peer);
    }
    const replies = await this.#handle(peer, frame);
    if (replies.length > 0) this.post(peer, [...replies, ...this.#renewalDue(peer)]);
    const [reply] = replies as Partial<Reply>[];
    // A guard that denies the renewal of an agent ends it.
    if (reply?.channel === Meta.refresh && reply.code === "denied") this.close(peer);
  }

  async #handle(peer: Peer, frame: ClientFrame): Promise<object[]> {
    switch (frame.action) {
      case "subscribe":
        return subscribe(this, peer, frame);
      case "unsubscribe":
        return unsubscribe(this, peer, frame);
      case "publish":
        return publishFrame(this, peer, frame, true);
      case "send":
        await publishFrame(this, peer, frame, false);
        return [];
      default:
        return answerQuery(this, peer, frame);
    }
  }

  #renewalDue({ agent }: Peer): Reply[] {
    const expiresInMs = (agent?.expiresAt ?? Infinity) - this.clock.now();
    return expiresInMs > 0 ? [] : [{ channel: Meta.refresh, successful: true, data: { expiresInMs } }];
  }

  #closeIfOpen(peer: Peer): void {
    if (this.peers.has(peer)) this.close(peer, 1001, "Going away");
  }

  #watchIdle(peer: Peer): void {
    this.clock.after(peer.activeAt + IDLE_MS - this.clock.now(), () => {
      if (this.clock.now() - peer.activeAt >= IDLE_MS) this.#closeIfOpen(peer);
      else if (this.peers.has(peer)) this.#watchIdle(peer);
    });
  }
}
