import { deliveriesFor, type Delivering } from "./deliveries.js";
import { expire } from "./farewell.js";
import type { Frame } from "./frame.js";
import { limiter } from "./limiter.js";
import { frames, type Packed } from "./pack.js";
import type { Clock, Connections, Log, Store, Subscriber } from "./ports.js";
import { createPoster } from "./posting.js";
import { type Publication, recipientsOf } from "./recipients.js";
import { removeAgent, type Removal } from "./remove.js";

/** What a fan-out needs. */
export interface FanOut extends Removal {
  store: Removal["store"] & Delivering["store"] & Pick<Store, "subscribers" | "putOverdue">;
  guards: Removal["guards"] & Delivering["guards"];
  connections: Connections;
  clock: Clock;
  log: Log;
  settings: Delivering["settings"];
  /** Patterns at or below which wildcard subscriptions are enabled. */
  wildcards: readonly string[];
  /** How long all of it may take, in milliseconds. */
  budgetMs: number;
}

/** How many connections that are gone are removed at once. */
const REMOVALS_IN_FLIGHT = 8;

/** The share of a fan-out's time that delivery guards may use; the rest is for posting what they permitted. */
const DELIVERY_SHARE = 0.5;

/** How long after a fan-out's time is over connections are still closed that could not be reached, in milliseconds. */
const CLOSING_MS = 1_000;

/** Counts of connections, for the log. */
export interface Delivered {
  sent: number;
  gone: number;
  failed: number;
}

/**
 * Brings publications to their subscribers: reads who they are (strongly consistent), lets the delivery guards decide,
 * posts with bounded concurrency, and removes connections that are gone. A recipient that is slow, busy or failing
 * waits for itself alone. Messages for one connection go in as few frames as possible, in order.
 *
 * A subscriber that was not renewed in time gets nothing, and is closed. One that cannot be reached is not left in the
 * belief that it has received everything: its connection is closed, so that its SDK connects again.
 */
export const fanOut = async (system: FanOut, publications: readonly Publication[]): Promise<Delivered> => {
  const { clock, connections, log, store } = system;
  const begun = clock.now();
  const deadline = begun + system.budgetMs;
  const delivered: Delivered = { sent: 0, gone: 0, failed: 0 };
  const poster = createPoster(system);
  const remove = limiter(REMOVALS_IN_FLIGHT);
  const framesOf = memoised(frames);

  /** Connections that missed something and could not be closed. */
  const open: string[] = [];
  const giveUp = async ({ connectionId }: Subscriber, messages: number): Promise<void> => {
    delivered.failed += 1;
    log.warn("not_delivered", { connection: connectionId, messages });
    const closed = await poster.close(connectionId, deadline + CLOSING_MS);
    if (!closed) open.push(connectionId);
  };
  /** What is not removed now is found gone again by the next publication, or by the sweep. */
  const bury = async (subscriber: Subscriber): Promise<void> => {
    delivered.gone += 1;
    if (clock.now() >= deadline) return;
    try {
      // A 410 can be wrong: then this closes a socket that was alive, and its SDK connects again. Never silence.
      if (subscriber.expired) await expire(connections, subscriber.connectionId);
      else await connections.close(subscriber.connectionId);
      await removeAgent(system, subscriber);
    } catch (error) {
      log.error("removal_failed", { connection: subscriber.connectionId, error: String(error) });
    }
  };
  const reach = async (subscriber: Subscriber, mine: readonly Publication[]): Promise<void> => {
    if (subscriber.expired) return remove(() => bury(subscriber));
    const messages = await decide(subscriber, mine);
    if (messages === "late") return giveUp(subscriber, mine.length);
    if (messages.length === 0) return;
    const step = await poster.post(subscriber, framesOf(messages), deadline);
    if (step === "give up") return giveUp(subscriber, messages.length);
    if (step === "remove") return remove(() => bury(subscriber));
    delivered.sent += 1;
  };

  const recipients = await recipientsOf(store, system.wildcards, publications);
  const decide = await deliveriesFor(system, recipients, begun + system.budgetMs * DELIVERY_SHARE);
  await Promise.all([...recipients].map(([subscriber, messages]) => reach(subscriber, messages)));
  // The sweep closes them: nobody stays in the belief that it has received everything.
  if (open.length > 0) await store.putOverdue(open, Math.floor(clock.now() / 1000));
  if (delivered.failed > 0 || delivered.gone > 0) log.info("fan_out", { ...delivered });
  return delivered;
};

/** Most recipients get the very same messages: those frames are built once. */
const memoised = (build: (messages: readonly Packed[]) => Frame[]): ((messages: readonly Packed[]) => Frame[]) => {
  let last: readonly Packed[] = [];
  let built: Frame[] = [];
  return (messages) => {
    if (messages.length !== last.length || messages.some((message, at) => message !== last[at])) {
      last = messages;
      built = build(messages);
    }
    return built;
  };
};
