import type { PushIt, PushItOptions } from "push-it-client";
import { isWildcard } from "../../protocol/index.js";
import type { EntryOf, Journal, Position } from "./journal.js";
import type { LoadProfile } from "./load-profile.js";
import { ChaosPage, type Component, type SubscribeApi } from "./page.js";
import { readPage } from "./read-page.js";
import type { PlannedPublication } from "./plan.js";
import { type Credentials, maySubscribe } from "./policy.js";
import { type Random, randomFor } from "../lib/random.js";
import { type SocketListener, type Sockets, createSockets } from "./sockets.js";
import type { MessageTimeline } from "./message-timeline.js";

/** What all clients of a run have in common. */
export interface ClientContext {
  Sdk: typeof PushIt;
  url: string;
  seed: number;
  profile: LoadProfile;
  journal: Journal;
  timeline: MessageTimeline;
  /** Told when a connection has ended because of its age. */
  onLifetime(): void;
  /** Told of each request that failed: its code, and of publications their channel. */
  onError(what: string): void;
  /** Whether a channel has history. */
  recovers(channel: string): boolean;
}

/** What may give an application a reason to do something else. */
export type ChurnTrigger = "cut" | "state" | "socket";

/** Longest that a request waits, in milliseconds: more than any function may take. */
const TIMEOUT_MS = 20_000;

const RETRY_BASE_MS = 100;
const RETRY_CAP_MS = 2_000;
const PING_MS = 10_000;

/** How long an application waits before it subscribes again to what it was refused, in milliseconds. */
const RESUBSCRIBE_MS = 1_000;

/** An application with one page at a time. */
export class ChaosClient {
  /** What the application is subscribed to when it is at rest. */
  readonly baseSubscriptions = new Set<string>();
  /** Chooses what this application does. */
  readonly random: Random;
  /** Told of occasions to do something else. */
  onTrigger: (occasion: ChurnTrigger) => void = () => undefined;
  readonly #sockets: Sockets;
  readonly #options: PushItOptions;
  #page: ChaosPage;
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
    const { url, seed, profile } = context;
    const { lifetimeMs, connectionMs, checkMs } = profile;
    this.random = randomFor(seed, `${who.name} acts`);
    this.#sockets = createSockets(lifetimeMs / 2, this.#listening());
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
      platform: { Date, Math: { random: randomFor(seed, who.name) }, setTimeout, clearTimeout },
    };
    this.#page = this.#open({});
  }

  /** What is mounted, in the order in which it was. */
  get components(): readonly Component[] {
    return [...this.#page.components];
  }

  /** Mounts a component. @see ChaosPage.mount */
  mount(name: string, way?: SubscribeApi, turn?: number): Component {
    return this.#page.mount(name, way, turn);
  }

  /** Unmounts a component. @see ChaosPage.unmount */
  unmount(component: Component, turn?: number): void {
    this.#page.unmount(component, turn);
  }

  /** Whether it subscribes to a name. */
  isDesired(name: string): boolean {
    return this.#page.isDesired(name);
  }

  /** Another component takes a component's place in one turn, as in a user interface that renders again. */
  remount(component: Component): void {
    const turn = this.context.journal.turn();
    // Some frameworks mount what is new before they unmount what is old.
    if (this.random() < 0.2) {
      this.mount(component.name, component.api, turn);
      this.unmount(component, turn);
    } else {
      this.unmount(component, turn);
      this.mount(component.name, component.api, turn);
    }
  }

  /** A component unsubscribes and subscribes again in one turn, with the handle that it has. */
  resubscribe(component: Component): void {
    const turn = this.context.journal.turn();
    this.#page.unsubscribe(component, turn);
    this.#page.subscribe(component, turn);
  }

  /** A component is mounted and unmounted in one turn. */
  mountBriefly(name: string): void {
    const turn = this.context.journal.turn();
    this.unmount(this.mount(name, "handle", turn), turn);
  }

  /** Publishes; resolves when it is told what became of it, with whether it was acknowledged. */
  publish({ uuid, channel, data }: PlannedPublication): Promise<boolean> {
    const { journal, timeline, onError } = this.context;
    const { number } = this.#page.page;
    const publication = journal.begin({ uuid, channel, by: this.who.name, data, page: number });
    timeline.note(uuid, `${this.who.name} publishes it on ${channel}: ${JSON.stringify(data).slice(0, 100)}`);
    return new Promise((resolve) => {
      const told = (acknowledged: boolean, code?: string, position?: Position): void => {
        timeline.note(uuid, `${this.who.name} is told ${code ?? "that it is published"}`);
        if (code !== undefined) onError(`${code}: ${channel}`);
        publication.told = {
          ...journal.now(),
          acknowledged,
          ...(code !== undefined && { code }),
          ...(position && { position }),
        };
        resolve(acknowledged);
      };
      this.#page.sdk.publish(
        { channel, uuid, data },
        ({ code }) => told(false, code),
        (published: object) =>
          told(true, undefined, "position" in published ? (published.position as Position | undefined) : undefined),
      );
    });
  }

  /** Cuts its connection, on its side. @returns whether there was one */
  cut(): boolean {
    this.onTrigger("cut");
    const stood = this.#sockets.cut();
    this.onTrigger("cut");
    return stood;
  }

  /**
   * Leaves the page, and goes on with another one that knows nothing but the positions that the last one had: as a page
   * that is loaded anew. It mounts what was mounted.
   */
  reload(): void {
    const mounted = this.components.map(({ name, api }) => ({ name, way: api }));
    const left = Object.entries(this.#page.leave());
    this.#page = this.#open(
      Object.fromEntries(left.flatMap(([name, position]) => (position ? [[name, position]] : []))),
    );
    for (const { name, way } of mounted) this.mount(name, way);
  }

  /** Leaves for good. */
  end(): void {
    if (!this.#ended) this.#page.leave();
    this.#ended = true;
  }

  /** What it waits for, of what it may have, in words. */
  get pendingWork(): string[] {
    const { name } = this.who;
    const { readings } = readPage(this.#page.page, this.context.recovers);
    return [...readings.values()].flatMap((reading) => {
      const state = `${name} (${this.#page.sdk.state})`;
      const waits = this.isDesired(reading.name) && !reading.isSubscribed && this.#maySubscribe(reading.name);
      return [
        ...(waits ? [`${state} waits for ${reading.name}`] : []),
        ...(reading.unanswered > 0 && this.#maySubscribe(reading.name)
          ? [`${state} waits for ${reading.unanswered} answers about ${reading.name}`]
          : []),
      ];
    });
  }

  /** The names of those who are present on a channel, as it is told; `undefined`: it is told nothing. */
  async presentNames(channel: string): Promise<string[] | undefined> {
    const told = await this.#page.sdk
      .channel(channel)
      .presence()
      .catch(() => undefined);
    return told?.members.map(({ info }) => (info as { name: string }).name);
  }

  #maySubscribe(name: string): boolean {
    return maySubscribe(name, this.who);
  }

  #open(since: Readonly<Record<string, Position>>): ChaosPage {
    const { journal, Sdk, onError } = this.context;
    const opened: ChaosPage = new ChaosPage({
      Sdk,
      options: this.#options,
      journal,
      who: this.who,
      since,
      sinceBy: this.random() < 0.5 ? "option" : "subscribe",
      listener: {
        message: (message) => this.#received(message),
        state: () => this.onTrigger("state"),
        refused: (component) => void this.#refused(opened, component),
        error: onError,
      },
    });
    return opened;
  }

  #received({ uuid, offset }: Pick<EntryOf<"message">, "uuid" | "offset">): void {
    this.context.timeline.note(uuid, `${this.who.name} receives it${offset === undefined ? "" : ` (${offset})`}`);
  }

  /** Who may not subscribe may not read either, and tries; then it tries again, for as long as the component is mounted. */
  async #refused(page: ChaosPage, component: Component): Promise<void> {
    if (component.isRetrying) return;
    component.isRetrying = true;
    const { journal } = this.context;
    if (!this.#maySubscribe(component.name) && !isWildcard(component.name)) {
      const read = await component.handle.history().catch(() => undefined);
      for (const { uuid, data, offset } of read?.messages ?? []) {
        // It has leaked.
        journal.note(page.page, { is: "message", channel: component.name, uuid, data, offset });
      }
    }
    setTimeout(() => {
      component.isRetrying = false;
      if (this.#ended || this.#page !== page || !page.components.has(component)) return;
      page.subscribe(component, journal.turn());
    }, RESUBSCRIBE_MS).unref();
  }

  /** What travels is listened to: what publishers are told in acknowledgements is judged as it comes over the wire. */
  #listening(): SocketListener {
    const { journal, onLifetime } = this.context;
    return {
      lifetime: onLifetime,
      socket: () => this.onTrigger("socket"),
      published: (uuid) => {
        const publication = journal.publications.get(uuid);
        if (publication) publication.sent += 1;
      },
      acknowledged: (uuid, position) => journal.publications.get(uuid)?.acknowledgements.push(position),
    };
  }
}
