import type { PushIt, PushItOptions, ReceivedMessage } from "push-it-client";
import type { Journal, Position, Subscription } from "./journal.js";
import type { Pace } from "./pace.js";
import type { Planned } from "./plan.js";
import { type Credentials, maySubscribe } from "./policy.js";
import { sourceOf } from "./random.js";
import { type OnLifetime, type Sockets, socketsOf } from "./sockets.js";
import type { Trail } from "./trail.js";

/** What all clients of a run have in common. */
export interface ClientContext {
  Sdk: typeof PushIt;
  url: string;
  seed: number;
  pace: Pace;
  journal: Journal;
  trail: Trail;
  onLifetime: OnLifetime;
  /** Told of each request that failed: its code, and of publications their channel. */
  onError(what: string): void;
}

/** Longest that a request waits, in milliseconds: more than any function may take. */
const TIMEOUT_MS = 20_000;

const RETRY_BASE_MS = 100;
const RETRY_CAP_MS = 2_000;
const PING_MS = 10_000;

/** How long an application waits before it subscribes again to what it was refused, in milliseconds. */
const AGAIN_MS = 1_000;

/** An application with one SDK client at a time, which writes down what it is told. */
export class ChaosClient {
  readonly #sockets: Sockets;
  readonly #options: PushItOptions;
  readonly #subscriptions = new Map<string, Subscription>();
  /** What it is subscribed to, or tries to be. */
  readonly #wanted = new Set<string>();
  #sdk: PushIt;
  #recoveries = 0;
  #ended = false;

  /**
   * @param who what it connects with
   * @param keepsTime whether it opens its next connection before API Gateway cuts the last
   */
  constructor(
    private readonly context: ClientContext,
    readonly who: Credentials,
    keepsTime: boolean,
  ) {
    const { url, seed, pace, onLifetime } = context;
    const { lifetimeMs, connectionMs, checkMs } = pace;
    this.#sockets = socketsOf(lifetimeMs / 2, onLifetime);
    const { setTimeout, clearTimeout, Date } = globalThis;
    this.#options = {
      url,
      credentials: who,
      timeout: TIMEOUT_MS,
      retryBase: RETRY_BASE_MS,
      retryCap: RETRY_CAP_MS,
      pingInterval: PING_MS,
      pingTimeout: TIMEOUT_MS / 2,
      checkInterval: checkMs,
      connectionLifetime: keepsTime ? lifetimeMs : connectionMs * 2,
      WebSocket: this.#sockets.Socket,
      // Waits by chance are the seed's as well.
      platform: { Date, Math: { random: sourceOf(seed, who.name) }, setTimeout, clearTimeout },
    };
    this.#sdk = this.#begin({});
  }

  /** How often a channel was subscribed again after a connection was lost or left. */
  get recoveries(): number {
    return this.#recoveries;
  }

  /** Subscribes, for as long as the run goes on. */
  subscribe(channel: string): void {
    this.#record(channel);
    this.#sdk.subscribe(channel, () => undefined);
  }

  /** Publishes; resolves when it is told what became of it, with whether it was acknowledged. */
  publish({ uuid, channel, data }: Planned): Promise<boolean> {
    const { journal, trail, onError } = this.context;
    const publication = journal.begin({ uuid, channel, by: this.who.name, data });
    trail.note(uuid, `${this.who.name} publishes it on ${channel}: ${JSON.stringify(data).slice(0, 100)}`);
    return new Promise((resolve) => {
      const told = (acknowledged: boolean, code: string | undefined, position: unknown): void => {
        trail.note(uuid, `${this.who.name} is told ${code ?? "that it is published"} ${JSON.stringify(position) ?? ""}`);
        if (code !== undefined) onError(`${code}: ${channel}`);
        const where = position as { epoch: string; offset: number } | undefined;
        publication.told = { at: journal.tick(), acknowledged, ...(code !== undefined && { code }), ...(where && { position: where }) };
        resolve(acknowledged);
      };
      this.#sdk.publish(
        { channel, uuid, data },
        ({ code }) => told(false, code, undefined),
        (published: object) => told(true, undefined, "position" in published ? published.position : undefined),
      );
    });
  }

  /** Cuts its connection, on its side. @returns whether there was one */
  cut(): boolean {
    return this.#sockets.cut();
  }

  /**
   * Ends the client, and goes on with another one that knows nothing but the positions that the last one had: as a page
   * that is loaded anew. What has no position begins anew.
   */
  reload(): void {
    const since: Record<string, Position> = {};
    for (const channel of this.#subscriptions.keys()) {
      const position = this.#sdk.channel(channel).position;
      if (position) since[channel] = { ...position };
      else this.#subscriptions.delete(channel);
    }
    const channels = [...this.#wanted];
    this.#sdk.disconnect();
    this.#sdk = this.#begin(since);
    for (const channel of channels) this.subscribe(channel);
  }

  /** Leaves for good. */
  end(): void {
    this.#ended = true;
    this.#sdk.disconnect();
  }

  /** Which channels it waits for, of those that it may subscribe to, in words. */
  get waitsFor(): string[] {
    const stands = ({ channel, events }: Subscription): boolean => {
      const last = events.findLast(({ is }) => is !== "message");
      return !maySubscribe(channel, this.who) || (last !== undefined && last.is !== "unsubscribed");
    };
    const waiting = [...this.#subscriptions.values()].filter((each) => !stands(each));
    return waiting.map(({ channel }) => `${this.who.name} (${this.#sdk.state}) waits for ${channel}`);
  }

  /** Whether it subscribes to a channel. */
  wants(channel: string): boolean {
    return this.#wanted.has(channel);
  }

  /** The names of those who are present on a channel, as it is told; `undefined`: it is told nothing. */
  async present(channel: string): Promise<string[] | undefined> {
    const told = await this.#sdk.channel(channel).presence().catch(() => undefined);
    return told?.members.map(({ info }) => (info as { name: string }).name);
  }

  #record(channel: string): Subscription {
    this.#wanted.add(channel);
    const known = this.#subscriptions.get(channel);
    if (known) return known;
    const made = this.context.journal.subscription(this.who, channel);
    this.#subscriptions.set(channel, made);
    return made;
  }

  #begin(since: Readonly<Record<string, Position>>): PushIt {
    const { journal, Sdk, onError } = this.context;
    const sdk = new Sdk({ ...this.#options, since });
    // What a client tells that has been left is nobody's business.
    const heard = <Told>(tell: (told: Told) => void) => (told: Told): void => void (sdk === this.#sdk && tell(told));
    sdk.on("message", heard((message) => this.#received(message)));
    sdk.on(
      "subscribed",
      heard(({ channel, recovered, code }) => {
        const { events } = this.#record(channel);
        if (events.length > 0) this.#recoveries += 1;
        const at = journal.tick();
        events.push(recovered === false ? { at, is: "missed", code: code ?? "" } : { at, is: "subscribed" });
      }),
    );
    sdk.on(
      "unsubscribed",
      heard(({ channel, error }) => {
        this.#record(channel).events.push({ at: journal.tick(), is: "unsubscribed", ...(error && { code: error.code }) });
        if (error) void this.#refused(channel);
      }),
    );
    sdk.on("error", heard(({ code }) => onError(code)));
    return sdk;
  }

  /** What nobody asked for is written down too: it has leaked. */
  #received({ channel, uuid, data, offset }: Pick<ReceivedMessage, "channel" | "uuid" | "data" | "offset">): void {
    const { journal, trail } = this.context;
    const event = { at: journal.tick(), is: "message", uuid, data, ...(offset !== undefined && { offset }) } as const;
    this.#record(channel).events.push(event);
    trail.note(uuid, `${this.who.name} receives it${offset === undefined ? "" : ` (${offset})`}`);
  }

  /** Who may not subscribe may not read either, and tries; then it tries again. */
  async #refused(channel: string): Promise<void> {
    if (!maySubscribe(channel, this.who)) {
      const read = await this.#sdk.channel(channel).history().catch(() => undefined);
      for (const message of read?.messages ?? []) this.#received({ ...message, channel });
    }
    setTimeout(() => this.#ended || this.subscribe(channel), AGAIN_MS).unref();
  }
}
