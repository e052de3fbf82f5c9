import type { Json } from "../../../protocol/json.js";
import type { Channel } from "../channel.js";
import { PushItError, type RequestCode } from "../errors.js";
import type { PushIt } from "../push-it.js";
import type { ReceivedMessage, SubscribeOptions, TokenFunction } from "../types.js";
import { clock } from "./clock.js";
import type { Part, PartClass, PartContext } from "./part.js";
import type { ChannelSnapshot, Wish } from "./types.js";

/** How long a component's wish counts after it has left, in milliseconds: it, or another one, may follow. */
const LINGER_MS = 1_000;

/** The shortest time between two states that are set, in milliseconds. The server takes 5 a second. */
const STATE_INTERVAL_MS = 250;

/** The errors of `last` on a channel that has no history of its own: it then has live messages alone. */
const NO_HISTORY = /^(no_history|wildcard)$/;

/** The last messages of a client, by channel. */
export type LatestMessages = Pick<Map<string, ReceivedMessage>, "get" | "set">;

/** A component on a channel. */
export interface Entry {
  kind: PartClass;
  wish: Wish;
  listener: () => void;
}

/**
 * One subscription and the parts that all components of a page share on one channel. It begins with
 * the first component, and ends a moment after the last one has left.
 */
export class ChannelStore implements PartContext {
  readonly client: PushIt;
  readonly live: Channel;
  readonly reader: Channel;
  state: ChannelSnapshot = { status: "subscribing", error: undefined, recovered: undefined };
  last = 0;
  max = 0;
  /** By class. */
  readonly parts = new Map<PartClass, Part>();
  readonly #latest: LatestMessages;
  readonly #onStopped: () => void;
  readonly #entries = new Set<Entry>();
  /** Remove the listeners. */
  readonly #removals: (() => void)[];
  /** The channel objects that have subscribed. */
  readonly #holders = new Set<Channel>();
  #options: SubscribeOptions = {};
  /** The wishes when it last subscribed, to notice a change. */
  #wanted = "";
  /** How many of the newest messages were requested. */
  #requested = 0;
  /** Whether the server has ended the subscription, or the client was reset, since it was last subscribed. */
  #isLost = false;
  /** Whether the server has confirmed that this client is a member. */
  #isMember = false;
  /** The state that was set last, as JSON. */
  #ownState = "null";
  #isStateRecent = false;
  #isNotifying = false;

  /**
   * @param latest the last messages of the client, by channel
   * @param onStopped called when it ends
   */
  constructor(client: PushIt, name: string, latest: LatestMessages, onStopped: () => void) {
    const live = client.channel(name);
    this.client = client;
    this.live = live;
    this.reader = client.channel(name);
    this.#latest = latest;
    this.#onStopped = onStopped;
    this.#removals = [
      live.on("message", (message) => void latest.set(name, message)),
      live.on("subscribed", ({ recovered }) => {
        this.#update({ status: "subscribed", error: undefined, recovered });
        // A second holder: on a channel without history, the reader's subscription ends.
        this.#subscribe(live);
        for (const part of this.parts.values()) part.onSubscribed(this.#isLost ? false : recovered);
        this.#isLost = false;
      }),
      live.on("unsubscribed", ({ error }) => error && this.#lose(error)),
      live.on("error", (error) => this.state.status === "subscribing" && this.fail(error, false)),
      client.on("reset", () => {
        this.#lose();
        this.#stopParts();
        for (const { kind } of this.#entries) this.#begin(kind);
      }),
      client.on("state", ({ state, code, reason, retryIn }) => {
        const isLost = retryIn !== undefined || state === "disconnected";
        if (state === "denied") this.fail(new PushItError(code as RequestCode, reason, { channel: name }), true);
        else if (code === "connect") {
          // Perhaps with other credentials, for which the channel is not denied.
          this.#update({ status: "subscribing", error: undefined });
          if (this.#isLost) this.#wanted = "";
          this.apply();
        } else if (isLost && this.state.status === "subscribed") this.#update({ status: "subscribing" });
      }),
    ];
  }

  get latest(): ReceivedMessage | undefined {
    return this.#latest.get(this.live.name);
  }

  /** Adds a component. The returned function removes it. */
  add(entry: Entry): () => void {
    this.#entries.add(entry);
    this.#begin(entry.kind);
    this.apply();
    return () => {
      entry.listener = () => {};
      const remove = (): void => {
        this.#entries.delete(entry);
        this.#apply();
      };
      clock.after(LINGER_MS, remove, this.client);
    };
  }

  wishOf(kind: PartClass): Wish | undefined {
    return [...this.#entries].find((entry) => entry.kind === kind)?.wish;
  }

  apply(): void {
    queueMicrotask(() => this.#apply());
  }

  notify(): void {
    if (this.#isNotifying) return;
    this.#isNotifying = true;
    queueMicrotask(() => {
      this.#isNotifying = false;
      for (const { listener } of this.#entries) listener();
    });
  }

  fail(error: PushItError, isDenial = !error.retryable): void {
    this.#update(isDenial ? { status: "denied", error } : { error });
  }

  #begin(kind: PartClass): void {
    if (!this.parts.has(kind)) this.parts.set(kind, new kind(this));
  }

  #stopParts(): void {
    for (const part of this.parts.values()) part.dispose();
    this.parts.clear();
  }

  #update(change: Partial<ChannelSnapshot>): void {
    this.state = { ...this.state, ...change };
    for (const part of this.parts.values()) part.changed();
  }

  /** The client does not hold the subscription any more: it was refused or revoked, or the client was reset. */
  #lose(error?: PushItError): void {
    this.#isLost = true;
    this.#requested = 0;
    this.#isMember = false;
    this.#ownState = "null";
    this.#update({ status: error ? "denied" : "subscribing", error });
  }

  /** Brings the subscription and the state to what the components want. */
  #apply(): void {
    const wishes = [...this.#entries].map(({ wish }) => wish);
    if (!wishes[0]) return this.#stop();
    const wished = <Key extends keyof Wish>(key: Key): NonNullable<Wish[Key]>[] =>
      wishes.map((wish) => wish[key]!).filter((value) => value !== undefined);
    const [guarded] = wishes.filter(({ token }) => token);
    const token = guarded && ((): ReturnType<TokenFunction> => guarded.token?.());
    const present = wished("present").includes(true);
    this.last = Math.max(0, ...wished("last"));
    this.max = Math.max(0, ...wished("max"));
    this.#options = { present, token, since: wished("since")[0] };
    if (!present) {
      this.#isMember = false;
      this.#ownState = "null";
    }
    const wanted = `${present} ${this.last} ${!token}`;
    if (wanted !== this.#wanted) {
      this.#wanted = wanted;
      if (this.last) this.#subscribe(this.reader);
      if (!this.last || this.state.status === "subscribed") this.#subscribe(this.live);
    }
    const [typing] = wished("typing");
    const [own = null] = wished("state").slice(-1);
    this.#setState(typing ? { ...(own as object), typing } : own);
  }

  #subscribe(handle: Channel): void {
    const options = { ...this.#options };
    if (handle === this.reader && this.last > this.#requested) options.last = this.#requested = this.last;
    this.#holders.add(handle);
    handle.subscribe(options).then(
      () => {
        this.#isMember = this.#options.present!;
        this.#apply();
      },
      (error: PushItError) =>
        options.last && NO_HISTORY.test(error.code) ? this.#subscribe(this.live) : this.fail(error),
    );
  }

  #setState(state: Json): void {
    const text = JSON.stringify(state);
    if (text === this.#ownState || !this.#isMember || this.#isStateRecent) return;
    this.#ownState = text;
    this.#isStateRecent = true;
    const allow = (): void => {
      this.#isStateRecent = false;
      this.#apply();
    };
    clock.after(STATE_INTERVAL_MS, allow, this.client);
    // After an error that may pass, the SDK sets it again.
    this.live.presence.set(state).catch((error: PushItError) => error.retryable || this.fail(error, false));
  }

  #stop(): void {
    this.#stopParts();
    for (const remove of this.#removals) remove();
    for (const handle of this.#holders) void handle.unsubscribe();
    this.#onStopped();
  }
}
