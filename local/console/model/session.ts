import { type PublishResult, PushIt, PushItError } from "push-it-client";
import type { Events, Position, ReceivedMessage as Received, State, StateChange } from "push-it-client";
import { isWildcard, type Json, newId, SUBPROTOCOL } from "../../../protocol/index.js";
import { readFrame } from "./answers.js";
import { MemberTracker } from "./presence.js";
import { Journal } from "./journal.js";
import { Outage } from "./outage.js";
import { Recovery } from "./recovery.js";
import { problemOf, whoAmI } from "./requests.js";
import { Subscriptions } from "./subscriptions.js";
import { tapped } from "./tap.js";
import type { Loaded, Publication, ReceivedMessage, SessionListener, ShownSubscription } from "./guard-events.js";
import { SessionListeners } from "./session-listeners.js";
import { requestWords } from "./error-messages.js";

/** Maximum own messages that the page recognises. */
const OWN = 2_000;

/** How many messages of a channel's history are loaded at once. */
const EARLIER = 50;

/** How long the page stays away when it cuts its own connection, in milliseconds: time to publish in another tab. */
const OUTAGE_MS = 15_000;

/** Failures after which a subscription is made again with the next connection, or which a later wish overtook. */
const PASSING = new Set(["closed", "superseded", "unknown_agent"]);

/** A session with the SDK, one stage at a time. It reports all events to the parts of the page. */
export class Session {
  readonly #listeners = new SessionListeners();
  readonly #subscriptions = new Subscriptions();
  readonly #own = new Journal<string>(OWN);
  readonly #recovery = new Recovery();
  readonly #members = new MemberTracker();
  /** Channels with presence. */
  readonly #withPresence = new Set<string>();
  readonly #outage = new Outage((until) => this.#cutOrMended(until));
  #pushIt: PushIt | undefined;

  /** @param WebSocketClass the class of sockets: the browser's own */
  constructor(private readonly WebSocketClass: typeof WebSocket) {}

  listen(listener: Partial<SessionListener>): void {
    this.#listeners.add(listener);
  }

  get state(): State {
    return this.#pushIt?.state ?? "disconnected";
  }

  /** Whether there is a connection, or one is being made. */
  get live(): boolean {
    return this.state === "connected" || this.state === "connecting";
  }

  /** Connects again. The subscriptions are kept. */
  connect(url: string, credentials: Json | undefined): void {
    this.disconnect();
    const pushIt = new PushIt({ url, credentials, autoConnect: false, WebSocket: this.#tapped() });
    this.#pushIt = pushIt;
    const live =
      <Value>(handle: (value: Value) => void): ((value: Value) => void) =>
      (value) => {
        if (pushIt === this.#pushIt) handle(value);
      };
    pushIt.on("state", (change) => this.#changed(change));
    pushIt.on(
      "message",
      live((message) => this.#received(message)),
    );
    pushIt.on(
      "subscribed",
      live((event) => this.#subscribed(event)),
    );
    pushIt.on(
      "join",
      live(({ channel, ...member }) => this.#onMemberChange(channel, true, member)),
    );
    pushIt.on(
      "leave",
      live(({ channel, ...member }) => this.#onMemberChange(channel, false, member)),
    );
    pushIt.on(
      "unsubscribed",
      live(({ channel, error }) => (error ? this.#refused(channel, error) : this.#left(channel))),
    );
    pushIt.on(
      "error",
      live((error) => error.channel !== undefined && this.#refused(error.channel, error)),
    );
    pushIt.connect();
  }

  disconnect(): void {
    this.#pushIt?.disconnect();
    this.#outage.mend();
    this.#recovery.end();
    this.#emitRecovery();
  }

  /** Cuts the connection as a lost network does, for a while: the SDK connects again as soon as it can. */
  cut(): void {
    this.#outage.cut(OUTAGE_MS);
  }

  /** Lets the connection through again. */
  mend(): void {
    this.#outage.mend();
  }

  /** Loads the newest messages of a channel's history. Always resolves, with an error as its result, too. */
  async history(channel: string): Promise<Loaded> {
    try {
      const { messages, position } = await this.#channel(channel).history({ reverse: true, limit: EARLIER });
      const told = messages.reverse().map((message) => this.#shown({ ...message, channel, epoch: position.epoch }));
      this.#listeners.emit(
        "earlier",
        told.map((message) => ({ ...message, late: "earlier" })),
      );
      return { count: told.length };
    } catch (error) {
      return { count: 0, problem: problemOf(error as PushItError) };
    }
  }

  /** Subscribes: now, or once there is a connection. */
  subscribe(channel: string): void {
    this.#subscriptions.set(channel, "waiting");
    this.#emitSubscriptions();
    if (this.live) this.#ask(channel);
  }

  /** Unsubscribes; forgets a subscription that never came about. */
  unsubscribe(channel: string): void {
    const { status } = this.#subscriptions.all.find((each) => each.channel === channel) ?? {};
    if (status === "refused" || !this.live) return this.#left(channel);
    this.#subscriptions.set(channel, "leaving");
    this.#emitSubscriptions();
    const stays = (error: PushItError): void => {
      if (PASSING.has(error.code)) return;
      this.#subscriptions.set(channel, "subscribed", problemOf(error));
      this.#emitSubscriptions();
    };
    this.#pushIt?.unsubscribe(channel, stays, () => this.#left(channel));
  }

  /** Publishes. Always resolves, with an error as its result, too. */
  publish(message: { channel: string; data: Json; echo: boolean }): Promise<Publication> {
    const { channel } = message;
    const started = performance.now();
    const uuid = newId((bytes) => crypto.getRandomValues(bytes));
    const outcome = (more: Partial<Publication>): Publication => ({
      channel,
      uuid,
      tookMs: performance.now() - started,
      ...more,
    });
    this.#own.add(uuid);
    return new Promise((resolve) => {
      if (!this.#pushIt) return resolve(outcome({ problem: { code: "closed", reason: requestWords("closed", "") } }));
      this.#pushIt.publish(
        { ...message, uuid },
        (error) => resolve(outcome({ problem: problemOf(error) })),
        ({ result }: PublishResult) => resolve(outcome({ result })),
      );
    });
  }

  /** @throws PushItError without a connection, of which no channel could be asked */
  #channel(name: string): ReturnType<PushIt["channel"]> {
    if (!this.#pushIt) throw new PushItError("closed");
    return this.#pushIt.channel(name);
  }

  #position(channel: string): Position | undefined {
    return isWildcard(channel) ? undefined : this.#pushIt?.channel(channel).position;
  }

  #ask(channel: string): void {
    this.#pushIt?.subscribe(
      channel,
      (error) => this.#refused(channel, error),
      () => this.#settled(channel),
    );
  }

  #changed(change: StateChange): void {
    if (change.previous === "connected") {
      if (change.state === "connecting") this.#lost();
      this.#subscriptions.lost();
      this.#listeners.emit("gone");
    }
    if (change.state === "connected") this.#recovery.back(Date.now());
    this.#listeners.emit("state", change);
    this.#emitSubscriptions();
    this.#emitRecovery();
    if (change.state === "connected") for (const channel of this.#subscriptions.waiting) this.#ask(channel);
  }

  #lost(): void {
    const own = this.#subscriptions.all.filter(({ status, granted }) => status === "subscribed" && !granted);
    this.#recovery.lost(
      Date.now(),
      own.map(({ channel }) => ({ channel, position: this.#position(channel) })),
    );
  }

  #cutOrMended(until: number | undefined): void {
    this.#listeners.emit("outage", until);
    // The SDK may be waiting for its next attempt: a browser's `online` event ends the wait.
    if (until === undefined && this.state === "connecting") this.#pushIt?.connect();
  }

  #received(received: Received): void {
    const message = this.#shown(received);
    const missed = this.#recovery.message(message.channel, message.position?.offset);
    this.#listeners.emit("message", missed ? { ...message, late: "missed" } : message);
    if (missed) this.#emitRecovery();
  }

  #shown({ channel, uuid, data, epoch, offset, at = Date.now(), from }: Omit<Received, "payload">): ReceivedMessage {
    const position = epoch !== undefined && offset !== undefined ? { position: { epoch, offset } } : {};
    return { channel, uuid, data, at, ...(from && { from }), mine: this.#own.entries.includes(uuid), ...position };
  }

  #subscribed(event: Events["subscribed"]): void {
    const { channel } = event;
    this.#settled(channel);
    if (this.#withPresence.has(channel)) void this.#askWhoIsThere(channel);
    if (this.#recovery.subscribed(event)) void this.#askForNewest(channel);
    this.#emitRecovery();
  }

  /** The SDK delivers all missed messages, but does not mark the last one. */
  async #askForNewest(channel: string): Promise<void> {
    const newest = await this.#channel(channel)
      .history({ reverse: true, limit: 1 })
      .catch(() => undefined);
    this.#recovery.newest(channel, newest?.messages[0]?.offset);
    this.#emitRecovery();
  }

  async #askWhoIsThere(channel: string): Promise<void> {
    this.#members.asked(channel);
    const present = await this.#channel(channel)
      .presence()
      .catch(() => undefined);
    if (present) this.#members.answered(channel, present.members);
    this.#emitSubscriptions();
  }

  #onMemberChange(channel: string, came: boolean, member: { agent: string }): void {
    this.#members.changed(channel, { came, member, at: Date.now() });
    this.#emitSubscriptions();
  }

  #settled(channel: string): void {
    this.#subscriptions.set(channel, "subscribed");
    this.#emitSubscriptions();
  }

  #refused(channel: string, error: PushItError): void {
    if (PASSING.has(error.code) || !this.#subscriptions.has(channel)) return;
    this.#subscriptions.set(channel, "refused", problemOf(error));
    this.#forget(channel);
  }

  #left(channel: string): void {
    this.#subscriptions.remove(channel);
    this.#forget(channel);
  }

  #forget(channel: string): void {
    this.#members.left(channel);
    this.#recovery.left(channel);
    this.#emitSubscriptions();
    this.#emitRecovery();
  }

  #tapped(): ReturnType<typeof tapped> {
    return tapped(
      this.WebSocketClass,
      (event, socket) => {
        this.#listeners.emit("wire", event);
        if (event.kind === "open") this.#outage.opened(socket);
        if (event.kind === "close") this.#outage.closed(socket);
        if (event.kind === "open" && event.protocol === SUBPROTOCOL) socket.send(whoAmI());
        if (event.kind === "frame" && event.direction === "in") this.#onServerFrame(event.text);
      },
      this.#outage.admit,
    );
  }

  #onServerFrame(text: string): void {
    const { facts, subscribed, withPresence } = readFrame(text);
    if (facts) this.#listeners.emit("server", facts);
    for (const channel of withPresence) this.#withPresence.add(channel);
    for (const channel of subscribed) this.#subscriptions.grant(channel);
    if (subscribed.length > 0) this.#emitSubscriptions();
  }

  #emitSubscriptions(): void {
    this.#listeners.emit(
      "subscriptions",
      this.#subscriptions.all.map((each) => this.#withOffers(each)),
    );
  }

  #withOffers(subscription: ShownSubscription): ShownSubscription {
    const { channel, status } = subscription;
    const here = status === "subscribed" ? this.#members.of(channel) : undefined;
    return { ...subscription, ...(this.#position(channel) && { history: true }), ...(here && { here }) };
  }

  #emitRecovery(): void {
    this.#listeners.emit("recovery", this.#recovery.report);
  }
}
