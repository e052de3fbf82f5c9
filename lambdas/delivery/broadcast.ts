import { matchingSubscriptions } from "../subscriptions/channel-rules.js";
import { createDeliveryGuards, type Delivery } from "./delivery-guards.js";
import { closeExpired } from "../connection/close-connection.js";
import { limiter } from "../util/limiter.js";
import type { Frame } from "./frame.js";
import { framesOf, type SerializedMessage } from "./serialize.js";
import type { Dependencies } from "../dependencies.js";
import type { Subscriber } from "../ports.js";
import { type RetryBudget, type PostOutcome, Poster } from "./post-to-connections.js";
import { type Publication, type Recipient, uuidsOf } from "./recipients.js";
import { removeAgent } from "../connection/remove-agent.js";

/** The ports of a broadcast. */
export type BroadcastDependencies = Pick<
  Dependencies,
  "store" | "guards" | "connections" | "settings" | "clock" | "log"
>;

/** How long a broadcast may take. */
export interface BroadcastDeadlines extends RetryBudget {
  /** The last moment to ask a delivery guard, in epoch milliseconds. */
  guardsUntil: number;
}

/** The connection that receives its messages with a reply instead of by a post. */
export interface ReplyRecipient {
  connectionId: string;
  /** Bytes of messages that the frame of the reply can still hold. */
  room: number;
}

/** Counts of connections, for the log. */
export interface Delivered {
  sent: number;
  gone: number;
  failed: number;
}

/** The recipients that a broadcast did not reach. */
export interface Undelivered {
  /** Recipients that the broadcast had no time to try. */
  untried: Recipient[];
  /** Recipients whose posts failed, but may succeed later. */
  retryable: Recipient[];
}

/**
 * How many connections are removed or closed concurrently. Each takes one call of API Gateway and five of DynamoDB, whose SDK has 50 sockets. Their rows are not deleted in one batch. A batch costs as many write units, and a failed batch would leave the rows of all.
 * @see https://docs.aws.amazon.com/sdk-for-javascript/v3/developer-guide/node-configuring-maxsockets.html
 */
export const REMOVALS_IN_FLIGHT = 32;

/** How long after its deadline a broadcast still closes connections, in milliseconds. */
const CLOSING_MS = 1_000;

/**
 * Delivers publications to recipients: asks the delivery guards, posts with bounded concurrency, and removes connections
 * that are gone. A slow, busy or failing recipient delays only itself. The messages for one connection go in as few
 * frames as possible, in order.
 *
 * A subscriber that was not renewed in time receives nothing, and its connection is closed.
 */
export class Broadcast {
  readonly delivered: Delivered = { sent: 0, gone: 0, failed: 0 };
  readonly undelivered: Undelivered = { untried: [], retryable: [] };
  /** The messages for the reply. */
  own: readonly SerializedMessage[] = [];
  readonly #system: BroadcastDependencies;
  readonly #deadlines: BroadcastDeadlines;
  readonly #replyRecipient: ReplyRecipient | undefined;
  readonly #prepareGuards: ReturnType<typeof createDeliveryGuards>;
  readonly #poster: Poster<Recipient>;
  readonly #remove = limiter(REMOVALS_IN_FLIGHT);
  readonly #frames = new WeakMap<readonly SerializedMessage[], Frame[]>();
  readonly #pending: Promise<unknown>[] = [];
  /** How many recipients do not receive a publication, because their guards did not permit it. */
  readonly #withheld = new Map<Publication, number>();
  /** Connections that missed a message or seem to be gone, and could not be closed. */
  readonly #unclosed: string[] = [];

  constructor(system: BroadcastDependencies, times: BroadcastDeadlines, own?: ReplyRecipient) {
    this.#system = system;
    this.#deadlines = times;
    this.#replyRecipient = own;
    this.#prepareGuards = createDeliveryGuards(system, times.guardsUntil, (publication) => {
      this.#withheld.set(publication, (this.#withheld.get(publication) ?? 0) + 1);
    });
    this.#poster = new Poster(system, times, (recipient, posted) => this.#onPosted(recipient, posted));
  }

  /** Whether API Gateway throttled the whole account. */
  get throttled(): boolean {
    return this.#poster.throttled;
  }

  /** Starts to deliver to the recipients of one page. */
  add(page: readonly Recipient[]): void {
    if (page.length === 0) return;
    this.#begin(this.#reachAll(page));
  }

  /**
   * Waits until each recipient was reached, is gone, or is in `undelivered`.
   * @throws the store's error: then some recipients were reached, and the others are not known
   */
  async done(): Promise<void> {
    const failures: unknown[] = [];
    // The end of a post may start more work, so one round of waiting may not be enough.
    while (this.#pending.length > 0) {
      const ended = await Promise.allSettled(this.#pending.splice(0));
      failures.push(...ended.flatMap((each) => (each.status === "rejected" ? [each.reason as unknown] : [])));
      await this.#poster.idle().catch((error: unknown) => failures.push(error));
    }
    this.#logWithheld();
    if (failures.length > 0) throw failures[0];
  }

  /** One line for each publication, however many recipients it was withheld from. */
  #logWithheld(): void {
    for (const [
      {
        message: { channel, uuid },
      },
      recipients,
    ] of this.#withheld) {
      this.#system.log.info("deliveries_withheld", { channel, uuid, recipients });
    }
    this.#withheld.clear();
  }

  /**
   * Closes connections that missed a message for good, so that no client wrongly assumes that it is up to date. If API
   * Gateway fails to close one, the sweep closes it later.
   */
  async closeUndelivered(recipients: readonly Recipient[]): Promise<void> {
    // Publications that are too large for one segment come in several. So one connection may occur more than once.
    const missed = new Map<string, Publication[]>();
    for (const {
      subscriber: { connectionId },
      publications,
    } of recipients) {
      missed.set(connectionId, [...(missed.get(connectionId) ?? []), ...publications]);
    }
    await Promise.all(
      [...missed].map(([connectionId, publications]) => this.#closeUndeliveredConnection(connectionId, publications)),
    );
    const { store, clock } = this.#system;
    if (this.#unclosed.length > 0) await store.putExpired(this.#unclosed.splice(0), Math.floor(clock.now() / 1000));
  }

  #begin(work: Promise<unknown>): void {
    // `done` throws the failure; until then no code awaits it.
    work.catch(() => undefined);
    this.#pending.push(work);
  }

  async #reachAll(page: readonly Recipient[]): Promise<void> {
    const decide = await this.#prepareGuards(page);
    const same = new Map<readonly SerializedMessage[], Recipient[]>();
    for (const recipient of page) {
      if (recipient.subscriber.expired) {
        this.#begin(this.#remove(() => this.#closeAndRemove(recipient)));
        continue;
      }
      const messages = decide(recipient);
      if (messages instanceof Promise) this.#begin(messages.then((each) => this.#reach(recipient, each)));
      else if (messages === "late" || this.#fitsReply(recipient.subscriber, messages)) this.#reach(recipient, messages);
      else {
        const recipients = same.get(messages);
        if (recipients) recipients.push(recipient);
        else same.set(messages, [recipient]);
      }
    }
    for (const [messages, recipients] of same) this.#post(recipients, messages);
  }

  #fitsReply({ connectionId }: Subscriber, messages: readonly SerializedMessage[]): boolean {
    if (connectionId !== this.#replyRecipient?.connectionId) return false;
    return messages.reduce((bytes, message) => bytes + message.bytes + 1, 0) <= this.#replyRecipient.room;
  }

  #reach(recipient: Recipient, messages: Delivery): void {
    if (messages === "late") this.undelivered.untried.push(recipient);
    else if (this.#fitsReply(recipient.subscriber, messages)) this.own = messages;
    else this.#post([recipient], messages);
  }

  #post(recipients: readonly Recipient[], messages: readonly SerializedMessage[]): void {
    if (messages.length > 0) this.#poster.add(recipients, this.#framesOf(messages));
  }

  #onPosted(recipient: Recipient, posted: PostOutcome): void {
    if (posted === "done") this.delivered.sent += 1;
    else if (posted === "late") this.undelivered.untried.push(recipient);
    else if (posted === "slow") this.undelivered.retryable.push(recipient);
    else if (posted === "give up") this.#begin(this.closeUndelivered([recipient]));
    else this.#begin(this.#remove(() => this.#closeAndRemove(recipient)));
  }

  /** Most recipients get the same messages: their frames are built once. */
  #framesOf(messages: readonly SerializedMessage[]): Frame[] {
    const built = this.#frames.get(messages) ?? framesOf(messages);
    this.#frames.set(messages, built);
    return built;
  }

  async #closeUndeliveredConnection(connectionId: string, publications: readonly Publication[]): Promise<void> {
    const { connections, clock, log } = this.#system;
    this.delivered.failed += 1;
    log.warn("not_delivered", { connection: connectionId, messages: publications.length, ...uuidsOf(publications) });
    const inTime = (): boolean => clock.now() < this.#deadlines.postsUntil + CLOSING_MS;
    const closed = await this.#remove(async () => inTime() && (await connections.close(connectionId)));
    if (!closed) this.#unclosed.push(connectionId);
  }

  /**
   * A 410 can be wrong. Then closing ends a live socket, and its SDK reconnects. A connection that could not be closed
   * keeps its rows, and the sweep closes it later. So no live client goes on without messages.
   */
  async #closeAndRemove({ subscriber, publications }: Recipient): Promise<void> {
    const { connections, clock, log, store, settings } = this.#system;
    const { connectionId, expired } = subscriber;
    this.delivered.gone += 1;
    const close = (): Promise<boolean> =>
      expired ? closeExpired(connections, connectionId) : connections.close(connectionId);
    if (clock.now() >= this.#deadlines.postsUntil || !(await close())) return void this.#unclosed.push(connectionId);
    try {
      if (await removeAgent(this.#system, subscriber)) return;
      // Only the row that was found is left: the function that wrote or deleted it died before it came to the other row.
      const found = publications.flatMap(({ message, to = message.channel }) =>
        matchingSubscriptions(to, settings.wildcards),
      );
      await store.deleteSubscriptions(connectionId, found);
    } catch (error) {
      log.error("removal_failed", { connection: connectionId, error: String(error) });
    }
  }
}
