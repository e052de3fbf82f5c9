import type { PushIt, PushItOptions } from "push-it-client";
import { isWildcard } from "../../protocol/index.js";
import type { EntryOf, Journal, Page, Position } from "./journal.js";
import type { LoadProfile } from "./load-profile.js";
import { ChaosPage, type Component, type SubscribeApi } from "./page.js";
import { readPage } from "./read-page.js";
import type { PlannedPublication } from "./plan.js";
import { type Credentials, type GuardBehavior, maySubscribe, type MemberState } from "./policy.js";
import { pick, type Random, randomFor, randomInteger } from "../lib/random.js";
import { type SocketListener, type Sockets, createSockets } from "./sockets.js";
import type { MessageTimeline } from "./message-timeline.js";

/** Dependencies that all clients of a run share. */
export interface ClientContext {
  Sdk: typeof PushIt;
  url: string;
  seed: number;
  profile: LoadProfile;
  journal: Journal;
  timeline: MessageTimeline;
  /** Called when a connection ends because of its age. */
  onLifetime(): void;
  /** Called for each failed request with its code, and with the channel for publications. */
  onError(what: string): void;
  /** Whether a channel has history. */
  recovers(channel: string): boolean;
  /** Whether a channel's history keeps all messages of the run. */
  keepsAll(channel: string): boolean;
}

/** Events that trigger a change of subscriptions. */
export type ChurnTrigger = "cut" | "state" | "socket";

/** Request timeout in milliseconds: longer than any function may take. */
const TIMEOUT_MS = 20_000;

const RETRY_BASE_MS = 100;
const RETRY_CAP_MS = 2_000;
const PING_MS = 10_000;

/** Delay before an application subscribes again after a denial, in milliseconds. */
const RESUBSCRIBE_MS = 1_000;

/** The share of the components with a handle of their own that request the newest messages, and of how many. */
const LAST_SHARE = 0.3;
const MAX_LAST = 30;

/** The share of the changes of a state that remove it, and the share of the states whose guard misbehaves. */
const REMOVED_SHARE = 0.25;
const MISBEHAVING_SHARE = 0.25;

/** How a guard misbehaves; denials more often. */
const STATE_BEHAVIORS: readonly GuardBehavior[] = ["deny", "deny", "deny", "slow", "slow", "throw", "exit", "hang"];

/** An application with one page at a time. */
export class ChaosClient {
  /** The names that the application is subscribed to outside of churn. */
  readonly baseSubscriptions = new Set<string>();
  /** Random numbers for the actions of this application. */
  readonly random: Random;
  /** Called for each churn trigger. */
  onTrigger: (occasion: ChurnTrigger) => void = () => undefined;
  readonly #sockets: Sockets;
  readonly #options: PushItOptions;
  #page: ChaosPage;
  #ended = false;
  /** Number of states that the application has set. */
  #states = 0;

  /**
   * @param who the credentials
   * @param keepsTime whether the client rotates its connection before API Gateway closes it
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
      // The SDK's random delays depend on the seed too.
      platform: { Date, Math: { random: randomFor(seed, who.name) }, setTimeout, clearTimeout },
    };
    this.#page = this.#open({});
  }

  /** The mounted components, in mount order. */
  get components(): readonly Component[] {
    return [...this.#page.components];
  }

  /** Mounts a component. @see ChaosPage.mount */
  mount(name: string, way: SubscribeApi = "handle", turn?: number): Component {
    const wantsLast = way === "handle" && this.context.keepsAll(name) && this.random() < LAST_SHARE;
    return this.#page.mount(name, way, turn, wantsLast ? randomInteger(this.random, 1, MAX_LAST) : undefined);
  }

  /** Unmounts a component. @see ChaosPage.unmount */
  unmount(component: Component, turn?: number): void {
    this.#page.unmount(component, turn);
  }

  /** Whether a component subscribes to the name. */
  isDesired(name: string): boolean {
    return this.#page.isDesired(name);
  }

  /** Replaces a component by another one in the same turn, as a user interface does when it renders again. */
  remount(component: Component): void {
    const turn = this.context.journal.turn();
    // Some frameworks mount the new component before they unmount the old one.
    if (this.random() < 0.2) {
      this.mount(component.name, component.api, turn);
      this.unmount(component, turn);
    } else {
      this.unmount(component, turn);
      this.mount(component.name, component.api, turn);
    }
  }

  /** Unsubscribes a component and subscribes it again in the same turn, with the same handle. */
  resubscribe(component: Component): void {
    const turn = this.context.journal.turn();
    this.#page.unsubscribe(component, turn);
    this.#page.subscribe(component, turn);
  }

  /** Mounts a component and unmounts it in the same turn. */
  mountBriefly(name: string): void {
    const turn = this.context.journal.turn();
    this.unmount(this.mount(name, "handle", turn), turn);
  }

  /** Publishes a message. @returns whether the publication was acknowledged */
  publish({ uuid, channel, data }: PlannedPublication): Promise<boolean> {
    const { journal, timeline, onError } = this.context;
    const { number } = this.#page.page;
    const publication = journal.begin({ uuid, channel, by: this.who.name, data, page: number });
    timeline.note(uuid, `${this.who.name} publishes it on ${channel}: ${JSON.stringify(data).slice(0, 100)}`);
    return new Promise((resolve) => {
      const settle = (acknowledged: boolean, code?: string, position?: Position): void => {
        timeline.note(uuid, `${this.who.name} gets ${code ?? "an acknowledgement"}`);
        if (code !== undefined) onError(`${code}: ${channel}`);
        publication.result = {
          ...journal.now(),
          acknowledged,
          ...(code !== undefined && { code }),
          ...(position && { position }),
        };
        resolve(acknowledged);
      };
      this.#page.sdk.publish(
        { channel, uuid, data, ...(data.ephemeral && { ephemeral: true }) },
        ({ code }) => settle(false, code),
        (published: object) =>
          settle(true, undefined, "position" in published ? (published.position as Position | undefined) : undefined),
      );
    });
  }

  /** Sets a state at random, or removes it. */
  changeState(channel: string, random: Random): Promise<boolean> {
    if (random() < REMOVED_SHARE) return this.removeState(channel);
    return this.setState(channel, random() < MISBEHAVING_SHARE ? pick(random, STATE_BEHAVIORS) : undefined);
  }

  /** Sets a new state. @returns whether the server has accepted it */
  setState(channel: string, doing?: GuardBehavior): Promise<boolean> {
    this.#states += 1;
    const state: MemberState = { by: this.who.name, n: this.#states, ...(doing && { do: doing }) };
    return this.#page.setState(channel, state);
  }

  /** Removes the state. @returns whether the server has accepted it */
  removeState(channel: string): Promise<boolean> {
    return this.#page.setState(channel, null);
  }

  /** Cuts the connection on the client's side. @returns whether it was open */
  cut(): boolean {
    this.onTrigger("cut");
    const stood = this.#sockets.cut();
    this.onTrigger("cut");
    return stood;
  }

  /** Reloads the page: leaves it, and starts a new one with the stored positions and the same components. */
  reload(): void {
    const mounted = this.components.map(({ name, api }) => ({ name, way: api }));
    const left = Object.entries(this.#page.leave());
    this.#page = this.#open(
      Object.fromEntries(left.flatMap(([name, position]) => (position ? [[name, position]] : []))),
    );
    for (const { name, way } of mounted) this.mount(name, way);
  }

  /** Leaves the page and does not start another. */
  end(): void {
    if (!this.#ended) this.#page.leave();
    this.#ended = true;
  }

  /** Descriptions of what the client still waits for. */
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

  /** The record of the current page. */
  get page(): Page {
    return this.#page.page;
  }

  /** The members that the client reads on a channel: users and their states; `undefined` if the request fails. */
  async readMembers(channel: string): Promise<{ user: string; state: unknown }[] | undefined> {
    const read = await this.#page.sdk
      .channel(channel)
      .presence()
      .catch(() => undefined);
    return read?.members.map(({ userId, agent, state }) => ({ user: userId ?? agent, state }));
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

  /**
   * After a denial: tries to read the history, which must fail too, and subscribes again while the component is
   * mounted.
   */
  async #refused(page: ChaosPage, component: Component): Promise<void> {
    if (component.isRetrying) return;
    component.isRetrying = true;
    const { journal } = this.context;
    if (!this.#maySubscribe(component.name) && !isWildcard(component.name)) {
      const read = await component.handle.history().catch(() => undefined);
      for (const { uuid, data, offset } of read?.messages ?? []) {
        // A leak: the checker reports this message.
        journal.note(page.page, { is: "message", channel: component.name, uuid, data, offset });
      }
    }
    setTimeout(() => {
      component.isRetrying = false;
      if (this.#ended || this.#page !== page || !page.components.has(component)) return;
      page.subscribe(component, journal.turn());
    }, RESUBSCRIBE_MS).unref();
  }

  /** Observes the frames: the checker needs the positions in acknowledgements as they came over the wire. */
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
