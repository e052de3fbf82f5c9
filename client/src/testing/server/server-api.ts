import { DEFAULT_MESSAGES } from "../../../../protocol/code-messages.js";
import { Meta, type RequestedMessage } from "../../../../protocol/frames.js";
import type { Deletion, Position } from "../../../../protocol/history.js";
import type { Json } from "../../../../protocol/json.js";
import type { EventLoop } from "../event-loop.js";
import type { Peer } from "./agent.js";
import { type Outcome, publishByServer } from "./publish.js";
import { about } from "./replies.js";
import type { FakeServer } from "./server.js";

/** The connections that a request of the back end is about. */
export type ServerApiTarget = { userId: string } | { peers: readonly Peer[] };

/** The requests of a back end: docs/SERVER.md. */
export class ServerApi {
  readonly #server: FakeServer;
  readonly #loop: EventLoop;

  constructor(server: FakeServer, loop: EventLoop) {
    this.#server = server;
    this.#loop = loop;
  }

  /** Publishes a message. Resolves when it was sent to all recipients. */
  publish(message: RequestedMessage, options: { except?: string | undefined; userId?: string }): Promise<Outcome> {
    return new Promise((resolve, reject) => {
      this.#loop.run(() => publishByServer(this.#server, message, options).then(resolve, reject));
    });
  }

  /** Ends agents. Returns how many. */
  disconnect(target: ServerApiTarget, reason: string = DEFAULT_MESSAGES.revoked): number {
    const peers = this.#peersOf(target);
    for (const peer of peers) {
      this.#server.post(peer, [{ channel: Meta.connect, successful: false, code: "revoked", error: reason }]);
      this.#server.close(peer);
    }
    return peers.length;
  }

  /** Ends subscriptions to a channel. Returns how many connections were notified. */
  unsubscribe(target: ServerApiTarget, channel: string, reason: string = DEFAULT_MESSAGES.revoked): number {
    const peers = this.#peersOf(target);
    const notice = {
      channel: Meta.unsubscribe,
      successful: true,
      code: "revoked",
      error: reason,
      data: about(channel),
    };
    for (const peer of peers) {
      this.#server.unsubscribed(peer, channel);
      this.#server.post(peer, [notice]);
    }
    return peers.length;
  }

  /** Deletes one message. Returns whether there was such a message. */
  deleteMessage(channel: string, { epoch, offset }: Position): boolean {
    const log = this.#server.histories.log(channel);
    if (!log) throw new Error(`FakePushIt.deleteMessage: ${DEFAULT_MESSAGES.no_history} (${channel})`);
    const uuid = log.delete({ epoch, offset });
    if (uuid === undefined) return false;
    this.#notify({ channel, messages: [{ epoch, offset, uuid }] });
    return true;
  }

  /** Deletes all stored messages of a channel. */
  deleteHistory(channel: string): void {
    this.#server.histories.deleteLatest(channel);
    this.#server.histories.log(channel)?.restart();
    this.#notify({ channel });
  }

  #notify(deletion: Deletion): void {
    const { delivery } = this.#server;
    const message = {
      channel: Meta.history,
      uuid: this.#server.newId("deletion"),
      data: deletion as unknown as Json,
    };
    this.#loop.run(async () => void (await delivery.deliver([{ message, to: deletion.channel }])));
  }

  #peersOf(target: ServerApiTarget): Peer[] {
    const peers = [...this.#server.peers].filter(({ agent }) => agent);
    return peers.filter((peer) =>
      "userId" in target ? peer.agent!.userId === target.userId : target.peers.includes(peer),
    );
  }
}
