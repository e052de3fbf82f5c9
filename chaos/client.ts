import type { PushIt, PushItOptions } from "../client/index.js";
import type { Journal, Subscription } from "./journal.js";
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
  /** Told the code of each request that failed. */
  onError(code: string): void;
}

/** Longest that a request waits, in milliseconds: more than any function may take. */
const TIMEOUT_MS = 20_000;

const RETRY_BASE_MS = 100;
const RETRY_CAP_MS = 2_000;
const PING_MS = 10_000;

/** How long an application waits before it subscribes again to what it was refused, in milliseconds. */
const AGAIN_MS = 1_000;

/** An application with one SDK client, which writes down what it is told. */
export class ChaosClient {
  readonly #sdk: PushIt;
  readonly #sockets: Sockets;
  readonly #subscriptions = new Map<string, Subscription>();
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
    const { Sdk, url, seed, pace } = context;
    const { lifetimeMs, connectionMs, checkMs } = pace;
    this.#sockets = socketsOf(lifetimeMs / 2, context.onLifetime);
    const { setTimeout, clearTimeout, Date } = globalThis;
    const options: PushItOptions = {
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
      host: { Date, Math: { random: sourceOf(seed, who.name) }, setTimeout, clearTimeout },
    };
    this.#sdk = new Sdk(options);
    this.#listen();
  }

  /** How often a channel was subscribed again after a connection was lost or left. */
  get recoveries(): number {
    return this.#recoveries;
  }

  /** Subscribes, for as long as the run goes on. */
  subscribe(channel: string): void {
    if (!this.#subscriptions.has(channel)) this.#subscriptions.set(channel, this.context.journal.subscription(this.who, channel));
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
        if (code !== undefined) onError(code);
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

  /** Leaves for good. */
  end(): void {
    this.#ended = true;
    this.#sdk.disconnect();
  }

  /** Whether it is connected, and subscribed to everything that it may be subscribed to. */
  get settled(): boolean {
    const stands = ({ channel, events }: Subscription): boolean => {
      const last = events.findLast(({ is }) => is !== "message");
      return !maySubscribe(channel, this.who) || (last !== undefined && last.is !== "unsubscribed");
    };
    return this.#sdk.state === "connected" && [...this.#subscriptions.values()].every(stands);
  }

  #listen(): void {
    const { journal, trail } = this.context;
    const { name } = this.who;
    this.#sdk.on("message", (message) => {
      const { channel, uuid, data, offset } = message;
      const event = { at: journal.tick(), is: "message", uuid, data, ...(offset !== undefined && { offset }) } as const;
      // What nobody asked for is written down too: it has leaked.
      const subscription = this.#subscriptions.get(channel);
      if (!subscription) this.#subscriptions.set(channel, journal.subscription(this.who, channel));
      this.#subscriptions.get(channel)?.events.push(event);
      trail.note(uuid, `${name} receives it${offset === undefined ? "" : ` (${offset})`}`);
    });
    this.#sdk.on("subscribed", (told: { channel: string; recovered?: boolean; code?: string }) => {
      const events = this.#subscriptions.get(told.channel)?.events;
      if (!events) return;
      if (events.length > 0) this.#recoveries += 1;
      const at = journal.tick();
      events.push(told.recovered === false ? { at, is: "missed", code: told.code ?? "" } : { at, is: "subscribed" });
    });
    this.#sdk.on("unsubscribed", ({ channel, error }) => {
      this.#subscriptions.get(channel)?.events.push({ at: journal.tick(), is: "unsubscribed", ...(error && { code: error.code }) });
      if (error && !this.#ended) setTimeout(() => this.#ended || this.subscribe(channel), AGAIN_MS).unref();
    });
    this.#sdk.on("error", ({ code }) => this.context.onError(code));
  }
}
