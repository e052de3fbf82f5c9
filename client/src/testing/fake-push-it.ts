import type { ChannelTypeMap } from "../../../protocol/channel-types.js";
import { DEFAULT_MESSAGES } from "../../../protocol/code-messages.js";
import { type Message, Meta } from "../../../protocol/frames.js";
import type { Guards } from "../../../protocol/guards.js";
import type { Position } from "../../../protocol/history.js";
import type { Json } from "../../../protocol/json.js";
import type { Member } from "../../../protocol/presence.js";
import { PushIt, PushItError, type PushItOptions } from "../index.js";
import { CLIENT_TIMERS } from "../platform/client-timers.js";
import { newId } from "../platform/id.js";
import { ClientPlatform } from "./client-platform.js";
import { type Clock, RuntimeClock, VirtualClock } from "./clock.js";
import { EventLoop, requireMicrotasks } from "./event-loop.js";
import { FakeSocket, type Link } from "./network.js";
import { type FakePushItOptions, resolveDeployment } from "./options.js";
import type { Peer } from "./server/agent.js";
import { ServerApi, type ServerApiTarget } from "./server/server-api.js";
import { FakeServer } from "./server/server.js";

/** The options of `fake.client(…)`: those of `new PushIt(…)`. The fake chooses the URL, the WebSocket and the platform. */
export type FakeClientOptions<Types extends ChannelTypeMap = ChannelTypeMap> = Omit<
  PushItOptions<Types>,
  "url" | "WebSocket" | "platform"
>;

/** A client that `fake.client()` made, whatever its types are. */
type FakeClient = Pick<PushIt, "disconnect">;

/** The options of `fake.publish(…)`. */
export interface FakePublishOptions {
  /** A client that does not receive the message. */
  exclude?: FakeClient;
  /** The message's id. @default - a new one */
  uuid?: string;
  /** The message is delivered, and nothing of it is kept. @default false */
  ephemeral?: boolean;
}

/** One client, its platform and its network. */
interface Connected {
  client: { disconnect(): void };
  platform: ClientPlatform;
  links: Set<Link>;
  isOffline: boolean;
}

/**
 * A Push-It in memory, for tests of components and of other code that uses `push-it-client`. Its clients are real: only
 * the server and the network are faked.
 * @example
 * const fake = new FakePushIt({ channels: { "rooms/*": { history: true } } });
 * const ada = fake.client();
 * await ada.channel("rooms/5").subscribe();
 * await fake.publish("rooms/5", "Hello");
 * fake.close();
 */
export class FakePushIt {
  readonly #clock: Clock;
  readonly #loop: EventLoop;
  readonly #server: FakeServer;
  readonly #serverApi: ServerApi;
  readonly #clients = new Map<object, Connected>();
  readonly #accepted: Message[] = [];
  readonly #errors: unknown[] = [];
  #guards: Guards | undefined;

  /** @throws TypeError if a pattern or the guards are invalid */
  constructor(options: FakePushItOptions = {}) {
    this.#clock = options.clock === "real" ? new RuntimeClock() : new VirtualClock();
    const report = (error: unknown): void => void this.#errors.push(error);
    this.#loop = new EventLoop(this.#clock, options.latency ?? 0, report);
    this.#server = new FakeServer(
      resolveDeployment(options),
      this.#clock,
      this.#loop,
      (_guard, error) => report(error),
      (message) => {
        if (message.channel !== Meta.presence && message.channel !== Meta.history) this.#accepted.push(message);
      },
    );
    this.#serverApi = new ServerApi(this.#server, this.#loop);
    this.guards = options.guards;
  }

  /** The guards. Replace them at any time: they decide about all later requests. `undefined`: everything is permitted. */
  get guards(): Guards | undefined {
    return this.#guards;
  }

  set guards(guards: Guards | undefined) {
    this.#server.use(guards);
    this.#guards = guards;
  }

  /** The fake's time, in epoch milliseconds. */
  get now(): number {
    return this.#clock.now();
  }

  /**
   * The errors that guards and event handlers of the application threw, oldest first. Clients do not receive the error of
   * a guard, only its code.
   */
  get errors(): readonly unknown[] {
    return this.#errors;
  }

  /**
   * A new client, which connects at once unless `autoConnect` is false.
   * @throws Error if fake timers hold up microtasks
   */
  client<Types extends ChannelTypeMap = ChannelTypeMap>(options: FakeClientOptions<Types> = {}): PushIt<Types> {
    requireMicrotasks();
    const { pushItOptions, connected } = this.#connect(options);
    const client = new PushIt<Types>(pushItOptions);
    connected.client = client;
    Object.assign(client, { [CLIENT_TIMERS]: connected.platform });
    this.#clients.set(client, connected);
    return client;
  }

  /** Waits until nothing is in flight and no guard is running. A fake clock moves on for the latency of frames only. */
  settled(): Promise<void> {
    return this.#loop.settled();
  }

  /**
   * Moves the fake clock on, timer by timer: heartbeats, retries, timeouts of requests and guards, the grace of presence.
   * Everything that a timer causes is done before the next one.
   * @throws (rejects) Error with the option `clock: "real"`
   */
  advance(milliseconds: number): Promise<void> {
    return this.#clock.advance(milliseconds, () => this.#loop.drained());
  }

  /**
   * Publishes on a channel, as a back end. No publication guard decides.
   * @returns the message's id, when it was sent to all subscribers
   * @throws (rejects) PushItError with the code of the refusal
   */
  publish(channel: string, data: Json, options: FakePublishOptions = {}): Promise<{ uuid: string }> {
    return this.#publish(channel, data, options);
  }

  /** Publishes to all connections of a user, as a back end. They receive the message on the channel `/meta/user`. */
  publishToUser(userId: string, data: Json, options: FakePublishOptions = {}): Promise<{ uuid: string }> {
    return this.#publish(Meta.user, data, options, userId);
  }

  /** Ends agents, as a back end: each receives `revoked` with the reason. Returns how many. */
  disconnect(target: FakeClient | { userId: string }, reason?: string): number {
    return this.#serverApi.disconnect(this.#targetOf(target), reason);
  }

  /** Ends subscriptions to a channel or wildcard, as a back end. Returns how many connections were notified. */
  unsubscribe(target: FakeClient | { userId: string }, channel: string, reason?: string): number {
    return this.#serverApi.unsubscribe(this.#targetOf(target), channel, reason);
  }

  /**
   * Deletes a message from a channel's history, as a back end. Returns whether there was such a message.
   * @throws Error if the channel has no history
   */
  deleteMessage(channel: string, position: Position): boolean {
    return this.#serverApi.deleteMessage(channel, position);
  }

  /** Deletes all stored messages of a channel, as a back end. */
  deleteHistory(channel: string): void {
    this.#serverApi.deleteHistory(channel);
  }

  /** All messages that the server has accepted on a channel, oldest first; without a channel, on all channels. */
  messages(channel?: string): Message[] {
    return this.#accepted.filter((message) => channel === undefined || message.channel === channel);
  }

  /** The members of a channel with presence. */
  members(channel: string): Member[] {
    return this.#server.members.list(channel);
  }

  /** Breaks a client's connections, or those of all clients. Both ends notice at once, and the client reconnects. */
  cut(client?: FakeClient): void {
    for (const { links } of this.#of(client)) for (const link of [...links]) link.cut();
  }

  /**
   * Takes a client off the network, or all clients. Frames are lost, and it cannot connect. The page's event `offline` is
   * dispatched, unless the network is to vanish without a sign (`silent`).
   */
  offline(client?: FakeClient, { silent = false }: { silent?: boolean } = {}): void {
    for (const connected of this.#of(client)) {
      connected.isOffline = true;
      for (const link of connected.links) link.isDead = true;
      if (!silent) connected.platform.dispatch("offline");
    }
  }

  /**
   * Brings a client back to the network, or all clients. Connections from before are broken. The page's event `online` is
   * dispatched, so the client connects at once.
   */
  online(client?: FakeClient): void {
    for (const connected of this.#of(client)) {
      connected.isOffline = false;
      for (const link of [...connected.links]) if (link.isDead) link.cut();
      connected.platform.dispatch("online");
    }
  }

  /** Disconnects all clients and cancels all timers. The fake and its clients are not to be used after this. */
  close(): void {
    for (const { client, links } of this.#clients.values()) {
      client.disconnect();
      for (const link of links) link.isDead = true;
    }
    this.#clock.clear();
  }

  #connect<Types extends ChannelTypeMap>(
    options: FakeClientOptions<Types>,
  ): { pushItOptions: PushItOptions<Types>; connected: Connected } {
    const loop = this.#loop;
    const platform = new ClientPlatform(this.#clock);
    const connected: Connected = { client: { disconnect: () => {} }, platform, links: new Set(), isOffline: false };
    const handshake = (link: Link): void => {
      for (const each of connected.links) if (!each.isInUse) connected.links.delete(each);
      connected.links.add(link);
      // The network is not there: the handshake fails.
      if (connected.isOffline) loop.post(() => link.close(1006, ""));
      else loop.post(() => this.#server.handshake(link));
    };
    const WebSocket = class extends FakeSocket {
      constructor(url: string, protocols: string[]) {
        super(url, protocols, loop, handshake);
      }
    };
    return { pushItOptions: { ...options, url: "wss://fake.push-it.invalid/live", WebSocket, platform }, connected };
  }

  async #publish(
    channel: string,
    data: Json,
    { exclude, uuid = newId(), ephemeral }: FakePublishOptions,
    userId?: string,
  ): Promise<{ uuid: string }> {
    const message = {
      channel,
      uuid,
      data: JSON.parse(JSON.stringify(data)) as Json,
      ...(ephemeral && { ephemeral: true as const }),
    };
    const except = exclude && this.#peersOf(exclude)[0]?.connectionId;
    const outcome = await this.#serverApi.publish(message, { except, ...(userId !== undefined && { userId }) });
    if ("code" in outcome)
      throw new PushItError(outcome.code, outcome.reason ?? DEFAULT_MESSAGES[outcome.code], { channel, uuid });
    return { uuid };
  }

  #of(client: object | undefined): Connected[] {
    if (!client) return [...this.#clients.values()];
    const connected = this.#clients.get(client);
    if (!connected) throw new Error("FakePushIt: this client is not of this fake. Make it with fake.client().");
    return [connected];
  }

  #peersOf(client: object): Peer[] {
    const [{ links }] = this.#of(client) as [Connected];
    return [...this.#server.peers].filter(({ link }) => links.has(link));
  }

  #targetOf(target: object): ServerApiTarget {
    return "userId" in target ? { userId: target.userId as string } : { peers: this.#peersOf(target) };
  }
}
