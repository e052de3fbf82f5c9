import { type ChannelSettings, channelSettings } from "../../../../protocol/channel-settings.js";
import { subjectOf, withSubject } from "../../../../protocol/delivery-subject.js";
import type { Message } from "../../../../protocol/frames.js";
import type { HistoryMessage } from "../../../../protocol/history.js";
import { MAX_FRAME_BYTES } from "../../../../protocol/limits.js";
import type { Peer } from "./agent.js";
import { bytesOf } from "./replies.js";
import { receives } from "./rules.js";
import type { Guards } from "./guards.js";
import type { Deployment } from "../options.js";

/** A message on its way to its recipients. */
export interface Publication {
  message: Message;
  /** The channel whose subscribers receive it, if that is not the message's own. */
  to?: string;
  /** The user whose connections receive it. */
  userId?: string;
  /** A connection that does not receive it. */
  except?: string | undefined;
}

/** The part of the server that a delivery uses. */
export interface DeliveryServer {
  readonly deployment: Deployment;
  readonly peers: ReadonlySet<Peer>;
  readonly guards: Guards;
  post(peer: Peer, objects: readonly object[]): void;
  /** Ends an agent that was not renewed in time. */
  expires(peer: Peer): boolean;
}

/** Sends messages to their recipients, as their delivery guards permit. */
export class Delivery {
  readonly #server: DeliveryServer;
  readonly #accepted: (message: Message) => void;

  /** @param accepted called with each message that was accepted */
  constructor(server: DeliveryServer, accepted: (message: Message) => void) {
    this.#server = server;
    this.#accepted = accepted;
  }

  /** The settings of a channel. */
  settings(channel: string): ChannelSettings {
    return channelSettings(this.#server.deployment.channels, channel);
  }

  /**
   * Delivers publications, in order.
   * @param own a connection that receives its own copies with the reply
   * @returns those copies
   */
  async deliver(publications: readonly Publication[], own?: Peer): Promise<object[]> {
    for (const { message } of publications) this.#accepted(message);
    const peers = [...this.#server.peers].filter((peer) => peer.agent);
    const received = await Promise.all(
      peers.map(async (peer): Promise<object[]> => {
        const reached = publications.filter((publication) => isRecipient(peer, publication));
        if (reached.length === 0 || this.#server.expires(peer)) return [];
        const objects = await Promise.all(reached.map((each) => this.#objectFor(peer, each)));
        return objects.filter((each) => each !== undefined);
      }),
    );
    peers.forEach((peer, at) => {
      if (peer !== own) for (const frame of framesOf(received[at]!)) this.#server.post(peer, frame);
    });
    return own ? (received[peers.indexOf(own)] ?? []) : [];
  }

  /** A stored message as its reader's guard permits it. */
  async permitted(peer: Peer, channel: string, message: HistoryMessage): Promise<HistoryMessage | undefined> {
    if (!this.#server.guards.guardsDelivery(channel)) return message;
    const { offset, ...own } = message;
    const { channel: _channel, ...permitted } = (await this.#server.guards.delivery(peer, { channel, ...own })) ?? {};
    return "uuid" in permitted ? { ...permitted, offset } : undefined;
  }

  async #objectFor(peer: Peer, { message, except }: Publication): Promise<object | undefined> {
    const { epoch, offset, ...rest } = message;
    const { channel } = rest;
    const withheld = epoch === undefined ? undefined : { channel, epoch, offset };
    if (except === peer.connectionId) return withheld;
    const subject = subjectOf(rest);
    if (!subject || !this.#server.guards.guardsDelivery(subject.channel)) return message;
    const permitted = await this.#server.guards.delivery(peer, subject);
    if (!permitted) return withheld;
    const delivered = {
      ...withSubject(rest, permitted),
      ...(offset !== undefined && { offset }),
      ...(epoch !== undefined && { epoch }),
    };
    return bytesOf({ ...delivered, at: undefined }) > this.#server.deployment.limits.messageBytes
      ? withheld
      : delivered;
  }
}

const isRecipient = (
  { agent, subscriptions }: Peer,
  { message, to = message.channel, userId }: Publication,
): boolean => (userId === undefined ? receives(subscriptions, to) : agent!.userId === userId);

/** Objects in as few frames as possible. */
export const framesOf = (objects: readonly object[], room = MAX_FRAME_BYTES): object[][] => {
  const frames: object[][] = [];
  let left = 0;
  for (const object of objects) {
    const bytes = bytesOf(object) + 1;
    if (frames.length === 0 || bytes > left) {
      frames.push([]);
      left = room - 2;
    }
    frames.at(-1)!.push(object);
    left -= bytes;
  }
  return frames;
};
