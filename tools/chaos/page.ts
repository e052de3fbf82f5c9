import { setTimeout as sleep } from "node:timers/promises";
import type { Channel, PushIt, PushItError, PushItOptions } from "push-it-client";
import { isWildcard } from "../../protocol/index.js";
import type { EntryOf, Journal, NewEntry, Page, Position } from "./journal.js";
import { covers } from "./read-page.js";
import { type Credentials, type MemberState, STATE_CHANNEL, tokenFor } from "./policy.js";

/** Delay before members are requested again after an error, in milliseconds. */
const READ_RETRY_MS = 500;

/** The API that a component uses: its own handle, or the callback API that all such components of a page share. */
export type SubscribeApi = "handle" | "callbacks";

/** A part of a page that is subscribed while it is mounted. */
export interface Component {
  /** Its number in the journal. */
  holder: number;
  name: string;
  api: SubscribeApi;
  /** @internal Its handle. */
  handle: Channel;
  /** @internal Stops its listeners. */
  stop(): void;
  /** How many of the newest messages it requests; absent: none. */
  last?: number;
  /** @internal The uuids that its own listener received, and a listener of the client in the same period. */
  receivedByHandle: string[];
  receivedByClient: string[];
  /** @internal Whether its subscription was acknowledged. */
  isSubscribed?: boolean;
  /** @internal How often it has subscribed. Each time it gets the newest messages again. */
  subscriptions: number;
  /** @internal Whether it waits to subscribe again after a denial. */
  isRetrying?: boolean;
}

/** The dependencies of a page. */
export interface PageDependencies {
  Sdk: typeof PushIt;
  options: PushItOptions;
  journal: Journal;
  who: Credentials;
  /** The initial positions. */
  since: Readonly<Record<string, Position>>;
  /** Whether the client option or each subscription passes the initial positions. */
  sinceBy: "option" | "subscribe";
  listener: {
    message(message: EntryOf<"message">): void;
    /** The connection state changed. */
    state(): void;
    /** A component's subscription was denied. */
    refused(component: Component, code: string): void;
    error(code: string): void;
  };
}

/** A page of an application: one SDK client and its components. Records their calls and events. */
export class ChaosPage {
  readonly page: Page;
  readonly sdk: PushIt;
  readonly components = new Set<Component>();
  /** Names that the page has unsubscribed from: their initial positions do not count any more. */
  readonly #unsubscribed = new Set<string>();
  #left = false;
  #holders = 0;
  /** The last request of members. */
  #membersRequest = 0;

  constructor(private readonly parts: PageDependencies) {
    const { Sdk, options, journal, who, since, sinceBy } = parts;
    this.page = journal.page(who, since);
    this.sdk = new Sdk({ ...options, ...(sinceBy === "option" && { since }) });
    this.#listen();
  }

  /** Whether a component of the page subscribes to the name. */
  isDesired(name: string): boolean {
    return this.#of(name).length > 0;
  }

  /** Mounts a component and subscribes it. @param turn the turn, if it contains other calls */
  mount(name: string, way: SubscribeApi = "handle", turn = this.parts.journal.turn(), last?: number): Component {
    const handle = this.sdk.channel(name);
    const holder = way === "handle" ? (this.#holders += 1) : 0;
    const component: Component = {
      holder,
      name,
      api: way,
      handle,
      stop: () => undefined,
      ...(last !== undefined && { last }),
      subscriptions: 0,
      receivedByHandle: [],
      receivedByClient: [],
    };
    const stops = [
      handle.on("message", ({ uuid }) => void component.receivedByHandle.push(uuid)),
      this.sdk.on(
        "message",
        ({ channel, uuid }) => void (covers(name, channel) && component.receivedByClient.push(uuid)),
      ),
    ];
    component.stop = () => stops.forEach((stop) => stop());
    this.components.add(component);
    this.subscribe(component, turn);
    return component;
  }

  /** Unmounts a component: it unsubscribes and drops its handle. */
  unmount(component: Component, turn = this.parts.journal.turn()): void {
    if (!this.components.delete(component)) return;
    // Components with the callback API share one subscription.
    if (component.api === "handle" || !this.#of(component.name).some(({ api }) => api === "callbacks"))
      this.unsubscribe(component, turn);
    this.#listened(component);
  }

  /** Subscribes a component. */
  subscribe(component: Component, turn: number): void {
    const { name, api, handle, last } = component;
    const { since, sinceBy } = this.parts;
    component.subscriptions += 1;
    const position = sinceBy === "subscribe" && !this.#unsubscribed.has(name) ? since[name] : undefined;
    const token = tokenFor(name, this.parts.who);
    const options = {
      ...(position && { since: position }),
      ...(last !== undefined && { last }),
      ...(token !== undefined && { token: () => token }),
    };
    const [fulfilled, rejected] = this.#calls("subscribe", component, turn);
    if (api === "handle") handle.subscribe(options).then(fulfilled, rejected);
    else this.sdk.subscribe(name, rejected, fulfilled, options);
  }

  /** Unsubscribes a component that stays mounted. */
  unsubscribe(component: Component, turn: number): void {
    this.#unsubscribed.add(component.name);
    const [fulfilled, rejected] = this.#calls("unsubscribe", component, turn);
    if (component.api === "handle") component.handle.unsubscribe().then(fulfilled, rejected);
    else this.sdk.unsubscribe(component.name, rejected, fulfilled);
  }

  /** Sets this client's state on a channel, or removes it. @returns whether the server has accepted it */
  setState(name: string, state: MemberState | null): Promise<boolean> {
    const call = this.parts.journal.call();
    this.parts.journal.note(this.page, { is: "setState", name, call, state });
    return this.sdk
      .channel(name)
      .presence.set(state as unknown as Parameters<Channel["presence"]["set"]>[0])
      .then(
        () => {
          this.#note({ is: "fulfilled", call });
          return true;
        },
        ({ code, retryable }: PushItError) => {
          this.#note({ is: "rejected", call, code, retryable });
          return false;
        },
      );
  }

  /** The positions of the subscribed channels. */
  positions(): Record<string, Position | undefined> {
    const names = new Set([...this.components].map(({ name }) => name).filter((name) => !isWildcard(name)));
    return Object.fromEntries([...names].map((name) => [name, copyOf(this.sdk.channel(name).position)]));
  }

  /** Leaves the page, and ignores all later events of its client. */
  leave(): Record<string, Position | undefined> {
    const positions = this.positions();
    for (const component of this.components) this.#listened(component);
    this.parts.journal.note(this.page, { is: "left", positions });
    this.#left = true;
    this.sdk.disconnect();
    return positions;
  }

  #note(entry: NewEntry): void {
    if (!this.#left) this.parts.journal.note(this.page, entry);
  }

  /** Reads the members as an application does that shows them: again after each subscription, until it succeeds. */
  async #readMembers(channel: string): Promise<void> {
    const request = this.parts.journal.call();
    this.#membersRequest = request;
    while (!this.#left && this.#membersRequest === request) {
      this.#note({ is: "asked", channel, request });
      const read = await this.sdk
        .channel(channel)
        .presence()
        .catch(() => undefined);
      if (read) {
        const states = Object.fromEntries(read.members.map(({ userId, agent, state }) => [userId ?? agent, state]));
        return this.#note({ is: "members", channel, request, states });
      }
      await sleep(READ_RETRY_MS, undefined, { ref: false });
    }
  }

  #of(name: string): Component[] {
    return [...this.components].filter((each) => each.name === name);
  }

  #listened(component: Component): void {
    const { name, holder, last, isSubscribed = false, receivedByHandle, receivedByClient } = component;
    component.stop();
    if (last !== undefined && component.subscriptions > 1) return;
    this.parts.journal.note(
      this.page,
      last === undefined
        ? { is: "listened", name, holder, byComponent: receivedByHandle.length, byClient: receivedByClient.length }
        : { is: "listenedLast", name, holder, isSubscribed, byComponent: receivedByHandle, byClient: receivedByClient },
    );
  }

  /** Records a call, and returns its two callbacks. */
  #calls(
    is: "subscribe" | "unsubscribe",
    component: Component,
    turn: number,
  ): [() => void, (error: PushItError) => void] {
    const { journal, listener } = this.parts;
    const { name, holder } = component;
    const call = journal.call();
    journal.note(this.page, { is, name, holder, call, turn });
    return [
      () => {
        if (this.#left) return;
        component.isSubscribed = is === "subscribe";
        journal.note(this.page, { is: "fulfilled", call });
      },
      ({ code, retryable }) => {
        if (this.#left) return;
        listener.error(code);
        journal.note(this.page, { is: "rejected", call, code, retryable });
        if (is === "subscribe" && !retryable && code !== "superseded") listener.refused(component, code);
      },
    ];
  }

  #listen(): void {
    const { sdk, page } = this;
    const { journal, listener } = this.parts;
    const on: PushIt["on"] = (event, handler) => sdk.on(event, (value) => void (this.#left || handler(value)));
    on("message", ({ channel, uuid, data, offset }) => {
      listener.message(
        journal.note(page, {
          is: "message",
          channel,
          uuid,
          data,
          ...(offset !== undefined && { offset }),
        }) as EntryOf<"message">,
      );
    });
    on("subscribed", ({ channel, recovered, code }) => {
      journal.note(page, {
        is: "subscribed",
        name: channel,
        ...(recovered !== undefined && { recovered }),
        ...(code && { code }),
      });
      if (channel === STATE_CHANNEL) void this.#readMembers(channel);
    });
    for (const event of ["join", "leave", "change"] as const)
      on(event, ({ channel, userId, agent, state }) => {
        journal.note(page, { is: "member", channel, event, user: userId ?? agent, state });
      });
    on("unsubscribed", ({ channel, error }) => {
      journal.note(page, { is: "unsubscribed", name: channel, ...(error && { code: error.code }) });
      if (error) for (const component of this.#of(channel)) listener.refused(component, error.code);
    });
    on("state", ({ state, code }) => {
      journal.note(page, { is: "state", state, code });
      listener.state();
    });
    on("rotated", ({ channels }) => void journal.note(page, { is: "rotated", names: channels }));
    on("error", ({ code }) => listener.error(code));
  }
}

const copyOf = (position: Position | undefined): Position | undefined =>
  position ? { epoch: position.epoch, offset: position.offset } : undefined;
