import { WebSocket } from "ws";
import { PushIt, type PushItOptions } from "push-it-client";
import {
  type ConnectionInfo,
  type Json,
  Meta,
  type Position,
  type Reply,
  SUBPROTOCOL_DENIED,
  type SubscribeResult,
} from "../../../protocol/index.js";
import type { AccountReading } from "./account/facts.js";
import { NotTried } from "./not-tried.js";
import { dataOf, denialOf, type Feature, prefixWith, type Probed } from "./features.js";
import type { CheckSettings } from "./settings.js";
import { freshId } from "../remote/ids.js";
import { Refused, Wire, type WireOptions } from "./wire.js";

/** The measured times in milliseconds: handshakes, replies to frames, and deliveries. */
export interface Times {
  connect: number[];
  answer: number[];
  delivery: number[];
}

/** A publication that succeeded. */
export interface Sent {
  uuid: string;
  sentAt: number;
  position: Position | undefined;
}

/** State that all checks of a run share. */
export interface Shared {
  settings: CheckSettings;
  /** Names this run's channels. */
  run: string;
  /** The features of channels, probed on first use. */
  probed(): Promise<readonly Probed[]>;
  /** Channels with history that something was published on. */
  kept: Set<string>;
  /** The account's quotas, once they are read. */
  account?: AccountReading;
}

/** The status of a denied handshake, if the deployment gives no reasons. */
const FORBIDDEN = 403;

/** The tools of one check. It closes everything that it has opened. */
export class Trial {
  readonly times: Times = { connect: [], answer: [], delivery: [] };
  readonly #wires: Wire[] = [];
  readonly #clients: PushIt[] = [];

  /** @param name the check's */
  constructor(
    readonly shared: Shared,
    readonly name: string,
  ) {}

  /** The settings of the run. */
  get settings(): CheckSettings {
    return this.shared.settings;
  }

  /**
   * A channel of this check's own.
   * @throws NotTried if no channel has the feature, or a guard permits none
   */
  async channel(feature: Feature = "plain", suffix = ""): Promise<string> {
    const prefix = prefixWith(await this.shared.probed(), feature);
    return `${prefix}/${this.shared.run}/${this.name}${suffix}`;
  }

  /** Opens a connection, whatever comes of it. */
  async tryOpen(options: Partial<WireOptions> = {}): Promise<Wire> {
    const { url, credentials, timeoutMs } = this.settings;
    const begun = performance.now();
    const answered = (ms: number): void => void this.times.answer.push(ms);
    const wire = await Wire.open(url, { credentials, timeoutMs, answered, ...options });
    this.#wires.push(wire);
    this.times.connect.push(performance.now() - begun);
    return wire;
  }

  /**
   * Opens a connection that has an agent.
   * @throws NotTried if the connection guard denies the credentials
   */
  async open(options: Partial<WireOptions> = {}): Promise<Wire> {
    const denied = (why: string): NotTried =>
      new NotTried(`the connection guard denies these credentials: ${why}. Give others with --credentials`);
    const wire = await this.tryOpen(options).catch((error: unknown) => {
      throw error instanceof Refused && error.status === FORBIDDEN ? denied("HTTP 403") : error;
    });
    if (wire.socket.protocol !== SUBPROTOCOL_DENIED) return wire;
    const { error, code } = await wire.request({ action: "connect", channel: Meta.connect });
    throw denied(error ?? code ?? "no reason");
  }

  /** The SDK, which connects on its own. */
  client(options: Partial<PushItOptions> = {}): PushIt {
    const { url, credentials, timeoutMs } = this.settings;
    const client = new PushIt({ url, credentials, WebSocket, timeout: timeoutMs, ...options });
    this.#clients.push(client);
    return client;
  }

  /**
   * Subscribes to a channel.
   * @throws NotTried if a guard denies it; Error for any other refusal
   */
  async subscribe(wire: Wire, channel: string, since?: Position): Promise<SubscribeResult> {
    const data = { channel, ...(since && { since }) };
    const reply = accepted(
      await wire.request({ action: "subscribe", channel: Meta.subscribe, data }),
      `subscribing to ${channel}`,
    );
    return reply.data as unknown as SubscribeResult;
  }

  /** Unsubscribes from a channel; same errors. */
  async unsubscribe(wire: Wire, channel: string): Promise<void> {
    const reply = await wire.request({ action: "unsubscribe", channel: Meta.unsubscribe, data: { channel } });
    accepted(reply, `unsubscribing from ${channel}`);
  }

  /** Publishes one message; same errors. */
  async publish(
    wire: Wire,
    channel: string,
    n = 1,
    more: { echo?: boolean; uuid?: string; data?: Json } = {},
  ): Promise<Sent> {
    const { uuid = freshId(), data = dataOf(n), ...rest } = more;
    const sentAt = performance.now();
    const reply = await wire.request({ action: "publish", channel, uuid, data, ...rest });
    const { position } = accepted(reply, `publishing on ${channel}`);
    if (position) this.shared.kept.add(channel);
    return { uuid, sentAt, position };
  }

  /** Publishes messages in one frame; same errors. */
  async publishAll(wire: Wire, channel: string, count: number): Promise<Sent[]> {
    const uuids = Array.from({ length: count }, freshId);
    const sentAt = performance.now();
    const messages = uuids.map((uuid, n) => ({ channel, uuid, data: dataOf(n) }));
    const replies = await wire.requests({ action: "publish", messages }, uuids);
    const positions = new Map(
      replies.map((reply) => [reply.uuid, accepted(reply, `publishing on ${channel}`).position]),
    );
    if (replies.some(({ position }) => position)) this.shared.kept.add(channel);
    return uuids.map((uuid) => ({ uuid, sentAt, position: positions.get(uuid) }));
  }

  /** Waits for a message that was published, and notes how long it took. */
  async arrival(wire: Wire, channel: string, { uuid, sentAt }: Sent): Promise<number> {
    const { at } = await wire.message(channel, uuid);
    this.times.delivery.push(at - sentAt);
    return at;
  }

  /**
   * Waits until all acknowledged publications have arrived. It publishes once more on a channel that the subscriber has
   * subscribed to for this, and waits for that message.
   */
  async fence(publisher: Wire, subscriber: Wire, channel: string): Promise<void> {
    const { uuid } = await this.publish(publisher, channel, 0);
    await subscriber.message(channel, uuid);
  }

  /** The deployment's facts about a connection. */
  async info(wire: Wire): Promise<ConnectionInfo> {
    return accepted(await wire.ping(), "ping").data as unknown as ConnectionInfo;
  }

  /** Closes everything. */
  async end(): Promise<void> {
    for (const client of this.#clients) client.disconnect();
    await Promise.all(this.#wires.map((wire) => wire.close()));
  }
}

/**
 * Returns a successful reply.
 * @throws NotTried for a guard's denial; Error for any other reply
 */
export const accepted = (reply: Reply, what: string): Reply => {
  if (reply.successful) return reply;
  const denial = denialOf(reply, what);
  if (denial !== undefined) throw new NotTried(`${denial}. Name a channel that is permitted with --channel`);
  throw new Error(`${what} failed with ${reply.code ?? "no code"}: ${reply.error ?? "no reason"}`);
};
