import { HEARTBEAT_LIMIT_MS, type PushItError, type StateChange } from "../adapter.js";
import { hasPresence } from "../channels.js";
import type { Clock } from "../clock.js";
import type { Link } from "../link.js";
import type { Publication } from "../publication.js";
import type { Server } from "../server/server.js";
import type { ClientFrame, MemberEvent, Peer, ServerObserver } from "../server/types.js";
import type { Fail } from "./fail.js";
import { LastMessages } from "./last-messages.js";
import { MemberEvents } from "./members.js";
import { Messages, nameOf, type ReceivedMessage } from "./messages.js";
import { Requests } from "./requests.js";
import { States } from "./states.js";
import { Subscriptions, type Status } from "./subscriptions.js";
import { Tokens } from "./tokens.js";
import { Traffic } from "./traffic.js";

/** A broken promise. */
export interface Violation {
  rule: string;
  what: string;
}

/** Maximum time without a subscription after a failure, in milliseconds: a request timeout and a retry delay. */
const MAX_UNSUBSCRIBED_MS = 65_000;

/** Maximum time after all trouble until a member is present for good, in milliseconds: two intervals of heartbeats. */
const MAX_ABSENCE_MS = 150_000;

/** Maximum connections of a client: the current, the draining and the opening one. */
const MAX_CONNECTIONS = 3;

/** Checks the client, by an independent implementation of docs/PROTOCOL.md and docs/CLIENT.md. */
export class Oracle implements ServerObserver {
  readonly violations: Violation[] = [];
  readonly fail: Fail = (rule, what) => {
    this.note(() => `VIOLATION of ${rule}: ${what}`);
    this.violations.push({ rule, what });
  };
  readonly traffic: Traffic;
  readonly subscriptions: Subscriptions;
  readonly messages: Messages;
  readonly requests: Requests;
  readonly last: LastMessages;
  readonly tokens: Tokens;
  readonly members: MemberEvents;
  readonly states: States;
  /** When all trouble ended. */
  calmSince = Infinity;
  /** Since when a channel that is reported as subscribed is on no connection. */
  readonly #lacking = new Map<string, number>();
  /** When a channel was subscribed on a connection. */
  readonly #moved: { channel: string | undefined; link: number; at: number }[] = [];

  constructor(
    readonly clock: Clock,
    /** Whether the connection guard subscribes agents. */
    readonly guards: boolean,
    readonly note: (line: () => string) => void,
  ) {
    this.traffic = new Traffic(clock, () => this.subscriptions.connected, this.fail);
    this.subscriptions = new Subscriptions(
      clock,
      this.traffic,
      this.fail,
      (channel) => this.messages.highest(channel),
      (channel) => this.messages.excuse(channel),
    );
    this.messages = new Messages(
      clock,
      this.subscriptions,
      this.fail,
      (channel, link) => this.#movedAt(channel, link),
      (channel) => this.traffic.isAsking(channel),
    );
    this.requests = new Requests(clock, this.subscriptions, this.traffic, this.fail);
    this.last = new LastMessages(this.subscriptions, this.messages.all, this.fail);
    this.tokens = new Tokens(this.traffic, this.fail);
    this.members = new MemberEvents(clock, this.fail);
    this.states = new States(this.subscriptions, this.fail);
  }

  announced(channel: string, event: MemberEvent): void {
    this.note(() => `server: ${channel} ${JSON.stringify(event)}`);
    this.members.announced(channel, event);
  }

  lapsed(channel: string, link: number): void {
    this.note(() => `server: link ${link} is not present on ${channel} any more`);
    if (this.clock.now - this.calmSince > MAX_ABSENCE_MS)
      this.fail("presence", `${channel} is subscribed on link ${link}, and the client does not say that it is present`);
  }

  malformed(text: string, why: string): void {
    this.fail("frames", `the client sends what the protocol forbids (${why}): ${text}`);
  }

  executed(publication: Publication): void {
    if (publication.executed > 1) this.fail("once", `${nameOf(publication)} is published twice`);
  }

  publication(n: number): Publication | undefined {
    return this.messages.all[n];
  }

  other(channel: string): Publication {
    return this.messages.started({ channel, own: false, echo: true, session: "somebody", withheld: this.withholds });
  }
  /** Whether the client's delivery guard withholds new publications. */
  withholds = false;

  /** The client sends a frame. */
  frameSent(link: Link, text: string): void {
    this.note(() => `client sends on link ${link.id}: ${text}`);
    const frame = JSON.parse(text) as ClientFrame;
    const messages =
      frame.messages ??
      (frame.action === "publish" || frame.action === "send" ? [frame as unknown as { data: { n: number } }] : []);
    for (const { data } of messages) {
      const publication = this.messages.all[data.n];
      if (publication && !this.traffic.sent.has(data.n)) this.messages.covered(publication);
    }
    this.traffic.frameSent(link, frame);
    this.tokens.frameSent(link, frame);
  }

  /** The client is about to receive a frame. */
  frameDelivered(link: Link, text: string): void {
    this.note(() => `client gets on link ${link.id}: ${text}`);
    const objects = [JSON.parse(text) as Record<string, unknown>].flat();
    // The client has closed the connection and need not read the frame.
    if (!link.open) return this.messages.unread(link, objects as unknown as ReceivedMessage[]);
    this.messages.delivered(objects as unknown as ReceivedMessage[]);
    this.traffic.delivered(link, objects);
    if (objects.some((object) => "successful" in object)) {
      this.#moved.push({ channel: undefined, link: link.id, at: this.clock.now });
      if (this.guards) this.subscriptions.answers();
    }
    for (const { channel, successful, data } of objects)
      if (channel === "/meta/subscribe" && successful === true) {
        const { channel: about, latest } = data as { channel: string; latest?: { offset: number } };
        this.#moved.push({ channel: about, link: link.id, at: this.clock.now });
        if (latest) this.messages.latest(about, latest.offset);
      }
  }

  /** The event `state`. */
  onState(change: StateChange): void {
    if (change.state === "denied" || change.state === "disconnected") this.requests.stoppedAt = this.clock.now;
    this.subscriptions.onState(change);
    if (!this.subscriptions.connected && !this.subscriptions.doubtful) this.members.ends();
  }

  /** The event `error`. */
  onError({ channel, retryable, message }: PushItError): void {
    if (channel === undefined || retryable) return;
    // The server's reason names the action.
    if (message.startsWith("No state")) return this.states.failed(channel);
    for (const holder of this.last.failed(channel)) {
      this.subscriptions.unsubscribes(channel, holder);
      this.tokens.leaves(channel, holder);
    }
  }

  /** Checks the invariants after each step. */
  step(server: Server, links: readonly Link[]): void {
    this.messages.step();
    this.requests.step();
    this.tokens.step();
    const inUse = links.filter((link) => link.inUse).length;
    if (inUse > MAX_CONNECTIONS) this.fail("growth", `the client has ${inUse} connections at once`);
    if (!this.subscriptions.connected) return;
    const current = links.filter((link) => link.open).at(-1);
    if (
      current?.lostAt !== undefined &&
      this.clock.now - Math.max(current.lostAt, this.traffic.frozenAt) > HEARTBEAT_LIMIT_MS
    )
      this.fail(
        "heartbeat",
        `the network has been dead for ${this.clock.now - current.lostAt} ms since the client sent a frame, and it reports connected`,
      );
    const open = links.filter((link) => link.open);
    const peers = [...server.peers].filter(({ link }) => link.open);
    // An end has just been notified, or is about to be, that a connection has ended.
    if (open.length === 0) return this.fail("state", "the client reports connected, and has no open connection");
    if (peers.length < open.length || peers.some(({ link, agent }) => link.dead || !agent)) return;
    for (const status of this.subscriptions.all) this.#holds(status, peers);
  }

  /** Checks the settled state: one connection, with exactly the reported subscriptions. */
  settled(server: Server, links: readonly Link[], me: { agent: string } | undefined): void {
    if (!this.subscriptions.connected)
      return this.fail("state", "the client does not connect, though nothing prevents it");
    const open = links.filter((link) => link.inUse);
    if (open.length !== 1) return this.fail("state", `the client has ${open.length} connections`);
    const peer = [...server.peers].find(({ link }) => link === open[0]);
    if (!peer?.agent) return this.fail("state", "the client's connection has ended, and it has not noticed");
    if (me?.agent !== peer.agent.id)
      this.fail("identity", `the client reports agent ${me?.agent}, and it is ${peer.agent.id}`);
    for (const { channel, reported, holders } of this.subscriptions.all) {
      const has = peer.agent.subscriptions.has(channel);
      if (reported === "yes" && !has)
        this.fail("subscriptions", `${channel} is reported as subscribed, and is not on the current connection`);
      if (reported === "no" && has && !server.undeniedLeaves.has(channel))
        this.fail(
          "subscriptions",
          `${channel} is reported as unsubscribed, and is subscribed on the current connection`,
        );
      if (reported === "yes" && has && hasPresence(channel))
        this.#isMember(server, peer.agent.id, peer.openedAt, channel);
      if (holders.size > 0 && reported !== "yes")
        this.fail("subscriptions", `${channel} is wanted, and the application was told ${reported}`);
    }
  }

  /** The application has called `reset`. */
  forget(): void {
    this.requests.stoppedAt = this.clock.now;
    this.subscriptions.forget();
    this.messages.forget();
    this.last.forget();
    this.tokens.forget();
    this.members.ends();
    this.states.forget();
  }

  /** Checks that the client is a member of a channel if and only if it wants to be, with its state. */
  #isMember({ members, policy, releasedAt }: Server, agent: string, openedAt: number, channel: string): void {
    const isPresent = members.isPresent(channel, agent);
    if (!isPresent && ((policy.isOld && releasedAt < openedAt) || this.states.isMember(channel)))
      this.fail("presence", `${channel} is subscribed, and the server counts the client as gone`);
    // A server of 0.2.0 knows neither observers nor states.
    if (policy.isOld || releasedAt > openedAt) return;
    if (isPresent && !this.states.isMember(channel))
      this.fail("presence", `${channel} is only observed, and the server counts the client as a member`);
    if (isPresent) this.states.settled(channel, members.stateOf(channel, agent));
  }

  /** Checks that a channel is without a connection only while the client is resubscribing. */
  #holds({ channel, reported, holders }: Status, peers: readonly Peer[]): void {
    const { now } = this.clock;
    if (
      reported !== "yes" ||
      holders.size === 0 ||
      peers.some(({ agent, notices }) => notices.has(channel) || agent!.subscriptions.has(channel))
    )
      return void this.#lacking.delete(channel);
    const since = Math.max(
      this.#lacking.get(channel) ?? now,
      this.traffic.asked.get(channel)?.at ?? 0,
      this.traffic.frozenAt,
    );
    this.#lacking.set(channel, since);
    if (now - since > MAX_UNSUBSCRIBED_MS)
      this.fail("subscriptions", `${channel} is reported as subscribed, and is on none of the client's connections`);
  }

  #movedAt(channel: string, link: number): number {
    const moved = this.#moved.find(
      (move) => move.link > link && (move.channel === channel || (channel === "g/1" && move.channel === undefined)),
    );
    return moved?.at ?? Infinity;
  }
}
