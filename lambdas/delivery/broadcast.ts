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

/** What reaching recipients needs. */
export type BroadcastDependencies = Pick<
  Dependencies,
  "store" | "guards" | "connections" | "settings" | "clock" | "log"
>;

/** How long reaching recipients may take. */
export interface BroadcastDeadlines extends RetryBudget {
  /** Until when delivery guards may be asked, in epoch milliseconds. */
  guardsUntil: number;
}

/** The connection whose messages ride with an answer instead of being posted. */
export interface ReplyRecipient {
  connectionId: string;
  /** Bytes of messages that the answer's frame still takes. */
  room: number;
}

/** Counts of connections, for the log. */
export interface Delivered {
  sent: number;
  gone: number;
  failed: number;
}

/** Whom a distribution has not reached. */
export interface Undelivered {
  /** Those for whom there was no time. */
  untried: Recipient[];
  /** Those that were tried in vain. */
  retryable: Recipient[];
}

/**
 * How many connections that are gone are removed, or that were given up are closed, at once. Each takes one call of API
 * Gateway and five of DynamoDB, whose SDK has 50 connections. Their rows are not deleted together: a batch costs as many
 * write units, and one that fails would leave the rows of all.
 * @see https://docs.aws.amazon.com/sdk-for-javascript/v3/developer-guide/node-configuring-maxsockets.html
 */
export const REMOVALS_IN_FLIGHT = 32;

/** How long after a distribution's time is over connections are still closed, in milliseconds. */
const CLOSING_MS = 1_000;

/**
 * Reaches recipients: lets the delivery guards decide, posts with bounded concurrency, and removes connections that are
 * gone. A recipient that is slow, busy or failing waits for itself alone. Messages for one connection go in as few
 * frames as possible, in order.
 *
 * A subscriber that was not renewed in time gets nothing, and is closed.
 */
export class Broadcast {
  readonly delivered: Delivered = { sent: 0, gone: 0, failed: 0 };
  readonly undelivered: Undelivered = { untried: [], retryable: [] };
  /** The messages of `own`. */
  own: readonly SerializedMessage[] = [];
  readonly #system: BroadcastDependencies;
  readonly #times: BroadcastDeadlines;
  readonly #ownPlace: ReplyRecipient | undefined;
  readonly #prepare: ReturnType<typeof createDeliveryGuards>;
  readonly #poster: Poster<Recipient>;
  readonly #remove = limiter(REMOVALS_IN_FLIGHT);
  readonly #frames = new WeakMap<readonly SerializedMessage[], Frame[]>();
  readonly #work: Promise<unknown>[] = [];
  /** How many recipients do not get a publication because their guards gave no yes. */
  readonly #withheld = new Map<Publication, number>();
  /** Connections that missed something, or were said to be gone, and could not be closed. */
  readonly #open: string[] = [];

  constructor(system: BroadcastDependencies, times: BroadcastDeadlines, own?: ReplyRecipient) {
    this.#system = system;
    this.#times = times;
    this.#ownPlace = own;
    this.#prepare = createDeliveryGuards(system, times.guardsUntil, (publication) => {
      this.#withheld.set(publication, (this.#withheld.get(publication) ?? 0) + 1);
    });
    this.#poster = new Poster(system, times, (recipient, posted) => this.#heard(recipient, posted));
  }

  /** Whether API Gateway had too much to do for the whole account. */
  get throttled(): boolean {
    return this.#poster.throttled;
  }

  /** Begins to reach the recipients of one page. */
  add(page: readonly Recipient[]): void {
    if (page.length === 0) return;
    this.#begin(this.#reachAll(page));
  }

  /**
   * Waits until everybody was reached, is gone, or is left.
   * @throws what the store threw: then some may have been reached, and those who were not are not known
   */
  async done(): Promise<void> {
    const failures: unknown[] = [];
    // What is done about a post begins when that has ended; so there may be more to wait for after the first round.
    while (this.#work.length > 0) {
      const ended = await Promise.allSettled(this.#work.splice(0));
      failures.push(...ended.flatMap((each) => (each.status === "rejected" ? [each.reason as unknown] : [])));
      await this.#poster.idle().catch((error: unknown) => failures.push(error));
    }
    this.#logWithheld();
    if (failures.length > 0) throw failures[0];
  }

  /** One line a publication, however many recipients it was withheld from. */
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
   * Closes those who have missed something and cannot get it any more: nobody stays in the belief that it has received
   * everything. Whom API Gateway does not close, the sweep does.
   */
  async closeUndelivered(recipients: readonly Recipient[]): Promise<void> {
    // What is too large for one segment comes in several, so one connection may be among the recipients more than once.
    const missed = new Map<string, Publication[]>();
    for (const {
      subscriber: { connectionId },
      publications,
    } of recipients) {
      missed.set(connectionId, [...(missed.get(connectionId) ?? []), ...publications]);
    }
    await Promise.all([...missed].map(([connectionId, publications]) => this.#giveUp(connectionId, publications)));
    const { store, clock } = this.#system;
    if (this.#open.length > 0) await store.putExpired(this.#open.splice(0), Math.floor(clock.now() / 1000));
  }

  #begin(work: Promise<unknown>): void {
    // What fails is thrown by `settled`; until then nobody waits for it.
    work.catch(() => undefined);
    this.#work.push(work);
  }

  async #reachAll(page: readonly Recipient[]): Promise<void> {
    const decide = await this.#prepare(page);
    const same = new Map<readonly SerializedMessage[], Recipient[]>();
    for (const recipient of page) {
      if (recipient.subscriber.expired) {
        this.#begin(this.#remove(() => this.#bury(recipient)));
        continue;
      }
      const messages = decide(recipient);
      if (messages instanceof Promise) this.#begin(messages.then((each) => this.#reach(recipient, each)));
      else if (messages === "late" || this.#rides(recipient.subscriber, messages)) this.#reach(recipient, messages);
      else {
        const recipients = same.get(messages);
        if (recipients) recipients.push(recipient);
        else same.set(messages, [recipient]);
      }
    }
    for (const [messages, recipients] of same) this.#post(recipients, messages);
  }

  #rides({ connectionId }: Subscriber, messages: readonly SerializedMessage[]): boolean {
    if (connectionId !== this.#ownPlace?.connectionId) return false;
    return messages.reduce((bytes, message) => bytes + message.bytes + 1, 0) <= this.#ownPlace.room;
  }

  #reach(recipient: Recipient, messages: Delivery): void {
    if (messages === "late") this.undelivered.untried.push(recipient);
    else if (this.#rides(recipient.subscriber, messages)) this.own = messages;
    else this.#post([recipient], messages);
  }

  #post(recipients: readonly Recipient[], messages: readonly SerializedMessage[]): void {
    if (messages.length > 0) this.#poster.add(recipients, this.#framesOf(messages));
  }

  #heard(recipient: Recipient, posted: PostOutcome): void {
    if (posted === "done") this.delivered.sent += 1;
    else if (posted === "late") this.undelivered.untried.push(recipient);
    else if (posted === "slow") this.undelivered.retryable.push(recipient);
    else if (posted === "give up") this.#begin(this.closeUndelivered([recipient]));
    else this.#begin(this.#remove(() => this.#bury(recipient)));
  }

  /** Most recipients get the very same messages: those frames are built once. */
  #framesOf(messages: readonly SerializedMessage[]): Frame[] {
    const built = this.#frames.get(messages) ?? framesOf(messages);
    this.#frames.set(messages, built);
    return built;
  }

  async #giveUp(connectionId: string, publications: readonly Publication[]): Promise<void> {
    const { connections, clock, log } = this.#system;
    this.delivered.failed += 1;
    log.warn("not_delivered", { connection: connectionId, messages: publications.length, ...uuidsOf(publications) });
    const inTime = (): boolean => clock.now() < this.#times.postsUntil + CLOSING_MS;
    const closed = await this.#remove(async () => inTime() && (await connections.close(connectionId)));
    if (!closed) this.#open.push(connectionId);
  }

  /**
   * A 410 can be wrong: then closing ends a socket that was alive, and its SDK connects again. So what is not closed
   * keeps its rows, and is the sweep's: never silence.
   */
  async #bury({ subscriber, publications }: Recipient): Promise<void> {
    const { connections, clock, log, store, settings } = this.#system;
    const { connectionId, expired } = subscriber;
    this.delivered.gone += 1;
    const close = (): Promise<boolean> =>
      expired ? closeExpired(connections, connectionId) : connections.close(connectionId);
    if (clock.now() >= this.#times.postsUntil || !(await close())) return void this.#open.push(connectionId);
    try {
      if (await removeAgent(this.#system, subscriber)) return;
      // Nothing but the row that was found is left of it: whoever wrote or deleted it died before the other one.
      const found = publications.flatMap(({ message, to = message.channel }) =>
        matchingSubscriptions(to, settings.wildcards),
      );
      await store.deleteSubscriptions(connectionId, found);
    } catch (error) {
      log.error("removal_failed", { connection: connectionId, error: String(error) });
    }
  }
}
