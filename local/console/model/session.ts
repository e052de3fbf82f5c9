import { PushIt, type Published, type PushItError, type State, type StateChange } from "../../../client/index.js";
import { type Json, Meta, newId, PROTOCOL, type ServerFacts } from "../../../protocol/index.js";
import { hear } from "./answers.js";
import { Journal } from "./journal.js";
import { type Problem, type Subscription, Subscriptions } from "./subscriptions.js";
import { tapped, type WireEvent } from "./tap.js";
import { requestWords } from "./words.js";

/** A message as the page shows it. */
export interface ReceivedMessage {
  channel: string;
  uuid: string;
  data: unknown;
  /** When it arrived, in milliseconds since 1970. */
  at: number;
  /** Whether this page published it. */
  mine: boolean;
}

/** What became of a publication. */
export interface Publication {
  channel: string;
  uuid: string;
  /** From the call to the answer, in milliseconds. */
  tookMs: number;
  /** What the guard gave with its verdict. */
  result?: Json | undefined;
  /** Why it was not published. */
  problem?: Problem;
}

/** What a session tells; a listener takes what it wants of it. */
export interface SessionListener {
  state(change: StateChange): void;
  subscriptions(all: Subscription[]): void;
  message(message: ReceivedMessage): void;
  wire(event: WireEvent): void;
  server(facts: ServerFacts): void;
  /** The connection is gone, and with it the agent. */
  gone(): void;
}

/** How many of its own messages the page recognises. */
const OWN = 2_000;

/** Failures after which a subscription is made again with the next connection, or which a later wish overtook. */
const PASSING = new Set(["closed", "superseded", "unknown_agent"]);

/** One stage after the other, by way of the SDK, with everything that happens told to the parts of the page. */
export class Session {
  readonly #listeners: Partial<SessionListener>[] = [];
  readonly #subscriptions = new Subscriptions();
  readonly #own = new Journal<string>(OWN);
  #pushIt: PushIt | undefined;

  /** @param WebSocketClass what connects: the browser's */
  constructor(private readonly WebSocketClass: typeof WebSocket) {}

  listen(listener: Partial<SessionListener>): void {
    this.#listeners.push(listener);
  }

  get state(): State {
    return this.#pushIt?.state ?? "disconnected";
  }

  /** Whether there is a connection, or one is being made. */
  get live(): boolean {
    return this.state === "connected" || this.state === "connecting";
  }

  /** Connects anew; subscriptions move over. */
  connect(url: string, credentials: Json | undefined): void {
    this.#pushIt?.disconnect();
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
      live(({ channel, uuid, data }) => this.#received(channel, uuid, data)),
    );
    pushIt.on(
      "subscribed",
      live(({ channel }) => this.#settled(channel)),
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
  }

  /** Subscribes: now, or once there is a connection. */
  subscribe(channel: string): void {
    this.#subscriptions.set(channel, "waiting");
    this.#tellSubscriptions();
    if (this.live) this.#ask(channel);
  }

  /** Unsubscribes; forgets a subscription that never came about. */
  unsubscribe(channel: string): void {
    const { status } = this.#subscriptions.all.find((each) => each.channel === channel) ?? {};
    if (status === "refused" || !this.live) return this.#left(channel);
    this.#subscriptions.set(channel, "leaving");
    this.#tellSubscriptions();
    const stays = (error: PushItError): void => {
      if (PASSING.has(error.code)) return;
      this.#subscriptions.set(channel, "subscribed", problemOf(error));
      this.#tellSubscriptions();
    };
    this.#pushIt?.unsubscribe(channel, stays, () => this.#left(channel));
  }

  /** Publishes; always fulfilled, also with what went wrong. */
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
        ({ result }: Published) => resolve(outcome({ result })),
      );
    });
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
      this.#subscriptions.lost();
      this.#tell("gone");
    }
    this.#tell("state", change);
    this.#tellSubscriptions();
    if (change.state === "connected") for (const channel of this.#subscriptions.waiting) this.#ask(channel);
  }

  #received(channel: string, uuid: string, data: unknown): void {
    this.#tell("message", { channel, uuid, data, at: Date.now(), mine: this.#own.entries.includes(uuid) });
  }

  #settled(channel: string): void {
    this.#subscriptions.set(channel, "subscribed");
    this.#tellSubscriptions();
  }

  #refused(channel: string, error: PushItError): void {
    if (PASSING.has(error.code) || !this.#subscriptions.has(channel)) return;
    this.#subscriptions.set(channel, "refused", problemOf(error));
    this.#tellSubscriptions();
  }

  #left(channel: string): void {
    this.#subscriptions.remove(channel);
    this.#tellSubscriptions();
  }

  #tapped(): ReturnType<typeof tapped> {
    return tapped(this.WebSocketClass, (event, socket) => {
      this.#tell("wire", event);
      if (event.kind === "open" && event.protocol === PROTOCOL) socket.send(whoAmI());
      if (event.kind === "frame" && event.direction === "in") this.#heard(event.text);
    });
  }

  #heard(text: string): void {
    const { facts, subscribed } = hear(text);
    if (facts) this.#tell("server", facts);
    for (const channel of subscribed) this.#subscriptions.grant(channel);
    if (subscribed.length > 0) this.#tellSubscriptions();
  }

  #tellSubscriptions(): void {
    this.#tell("subscriptions", this.#subscriptions.all);
  }

  #tell<Event extends keyof SessionListener>(event: Event, ...values: Parameters<SessionListener[Event]>): void {
    for (const listener of this.#listeners) {
      const tell = listener[event] as ((...told: Parameters<SessionListener[Event]>) => void) | undefined;
      tell?.(...values);
    }
  }
}

const problemOf = ({ code, message }: PushItError): Problem => ({ code, reason: requestWords(code, message) });

/** The SDK needs no agent id, so it does not ask for one; whoever debugs wants to find it in the server's log. */
const whoAmI = (): string =>
  JSON.stringify({ action: "connect", channel: Meta.connect, uuid: newId((bytes) => crypto.getRandomValues(bytes)) });
