import type { Message } from "../../protocol/index.js";
import type { Agent } from "./agent.js";
import { audience } from "./channels.js";
import { limiter } from "./limiter.js";
import { fits, frames, pack, type Packed } from "./pack.js";
import type { Clock, Connections, Guards, Log, Store, Subscriber } from "./ports.js";
import { removeAgent, type Removal } from "./remove.js";
import { afterPost } from "./retry.js";

/** A message that a guard permitted, on its way to the subscribers. */
export interface Publication {
  message: Message;
  /** A connection that is spared: the publisher's, which asked not to hear itself. */
  except?: string;
}

/** What a fan-out needs. */
export interface FanOut extends Removal {
  store: Removal["store"] & Pick<Store, "subscribers" | "agents">;
  guards: Removal["guards"] & Pick<Guards, "guardsDelivery" | "delivery">;
  connections: Connections;
  clock: Clock;
  log: Log;
  /** Patterns at or below which wildcard subscriptions are enabled. */
  wildcards: readonly string[];
  /** How long all of it may take, in milliseconds. */
  budgetMs: number;
}

/** How many posts are under way at once. */
export const POSTS_IN_FLIGHT = 64;

/** How many connections that are gone are removed at once. */
const REMOVALS_IN_FLIGHT = 8;

/** How many deliveries are before their guards at once: more would use up each other's time while they queue. */
const DELIVERIES_IN_FLIGHT = 32;

/** The share of a fan-out's time that delivery guards may use; the rest is for posting what they permitted. */
const DELIVERY_SHARE = 0.5;

/** Counts of connections, for the log. */
export interface Delivered {
  sent: number;
  gone: number;
  failed: number;
}

/** Whose turn it is to receive what: each subscriber once, with its messages in the order of publication. */
const recipientsOf = async (
  { store, wildcards }: FanOut,
  publications: readonly Publication[],
): Promise<Map<Subscriber, Publication[]>> => {
  const channels = [...new Set(publications.map(({ message }) => message.channel))];
  const found = new Map(
    await Promise.all(
      channels.map(async (channel) => [channel, await store.subscribers(audience(channel, wildcards))] as const),
    ),
  );
  const recipients = new Map<string, { subscriber: Subscriber; messages: Publication[] }>();
  for (const publication of publications) {
    for (const subscriber of found.get(publication.message.channel) ?? []) {
      const { connectionId } = subscriber;
      if (connectionId === publication.except) continue;
      const recipient = recipients.get(connectionId);
      if (recipient) recipient.messages.push(publication);
      else recipients.set(connectionId, { subscriber, messages: [publication] });
    }
  }
  return new Map([...recipients.values()].map(({ subscriber, messages }) => [subscriber, messages]));
};

/** What delivery guards made of a fan-out. */
interface Guarded {
  /** What each recipient gets. */
  kept: Map<Subscriber, Packed[]>;
  /** Recipients whose guard could not be asked in time, with the number of their messages. */
  late: Map<Subscriber, number>;
}

/** What each recipient gets once the delivery guards have had their say. One recipient's guard touches no other. */
const guarded = async (
  { store, guards, clock, log, budgetMs }: FanOut,
  recipients: Map<Subscriber, Publication[]>,
): Promise<Guarded> => {
  const deadline = clock.now() + budgetMs * DELIVERY_SHARE;
  const packed = new Map<Publication, Packed>();
  const once = (publication: Publication): Packed => {
    const known = packed.get(publication) ?? pack(publication.message);
    packed.set(publication, known);
    return known;
  };
  const channels = new Set([...recipients.values()].flat().map(({ message }) => message.channel));
  const decided = new Set<string>();
  await Promise.all([...channels].map(async (name) => (await guards.guardsDelivery(name)) && decided.add(name)));
  const asking = [...recipients].filter(([, messages]) => messages.some(({ message }) => decided.has(message.channel)));
  const agents = asking.length > 0 ? await store.agents(asking.map(([{ connectionId }]) => connectionId)) : undefined;
  const limited = limiter(DELIVERIES_IN_FLIGHT);

  const ask = async (agent: Agent, publication: Publication): Promise<Packed | "late" | undefined> => {
    const remaining = deadline - clock.now();
    if (remaining <= 0) return "late";
    const message = await guards.delivery(agent, publication.message, remaining);
    if (!message) return undefined;
    const transformed = pack(message);
    if (fits(transformed)) return transformed;
    log.error("delivery_too_large", { agent: agent.uuid, channel: message.channel, bytes: transformed.bytes });
    return undefined;
  };
  const deliver = async (subscriber: Subscriber, publication: Publication): Promise<Packed | "late" | undefined> => {
    if (!decided.has(publication.message.channel)) return once(publication);
    const agent = agents?.get(subscriber.connectionId);
    return agent && limited(() => ask(agent, publication));
  };
  const outcome: Guarded = { kept: new Map(), late: new Map() };
  const decide = async (subscriber: Subscriber, messages: Publication[]): Promise<void> => {
    const delivered = await Promise.all(messages.map((publication) => deliver(subscriber, publication)));
    const kept = delivered.filter((message) => message !== undefined && message !== "late");
    if (delivered.includes("late")) outcome.late.set(subscriber, messages.length);
    else if (kept.length > 0) outcome.kept.set(subscriber, kept);
  };
  await Promise.all([...recipients].map(([subscriber, messages]) => decide(subscriber, messages)));
  return outcome;
};

/**
 * Brings publications to their subscribers: reads who they are (strongly consistent), lets the delivery guards decide,
 * posts with bounded concurrency, and removes connections that are gone. A recipient that is slow, busy or failing
 * waits for itself alone. Messages for one connection go in as few frames as possible, in order.
 */
export const fanOut = async (system: FanOut, publications: readonly Publication[]): Promise<Delivered> => {
  const { clock, connections, log } = system;
  const deadline = clock.now() + system.budgetMs;
  const delivered: Delivered = { sent: 0, gone: 0, failed: 0 };
  const gone: Subscriber[] = [];
  const post = limiter(POSTS_IN_FLIGHT);
  const remove = limiter(REMOVALS_IN_FLIGHT);

  const postFrame = async (subscriber: Subscriber, frame: string): Promise<"done" | "remove" | "give up"> => {
    for (let attempt = 1; ; attempt += 1) {
      const result = await post(async () =>
        clock.now() < deadline ? connections.post(subscriber.connectionId, frame) : "failed",
      );
      const now = clock.now();
      const next = afterPost(result, attempt, now - subscriber.connectedAt, deadline - now, clock.random());
      if (next.step !== "retry") return next.step;
      await clock.sleep(next.afterMs);
    }
  };
  const reach = async (subscriber: Subscriber, messages: readonly Packed[]): Promise<void> => {
    for (const frame of framesOf(messages)) {
      const step = await postFrame(subscriber, frame);
      if (step === "done") continue;
      if (step === "give up") return giveUp(subscriber, messages.length);
      delivered.gone += 1;
      gone.push(subscriber);
      return;
    }
    delivered.sent += 1;
  };
  const giveUp = ({ connectionId }: Subscriber, messages: number): void => {
    delivered.failed += 1;
    log.warn("not_delivered", { connection: connectionId, messages });
  };
  /** What is not removed now is found gone again by the next publication, or by the sweep. */
  const bury = async (subscriber: Subscriber): Promise<void> => {
    if (clock.now() >= deadline) return;
    try {
      // A 410 can be wrong: then this closes a socket that was alive, and its SDK connects again. Never silence.
      await connections.close(subscriber.connectionId);
      await removeAgent(system, subscriber);
    } catch (error) {
      log.error("removal_failed", { connection: subscriber.connectionId, error: String(error) });
    }
  };

  const framesOf = memoised(frames);
  const { kept, late } = await guarded(system, await recipientsOf(system, publications));
  for (const [subscriber, messages] of late) giveUp(subscriber, messages);
  await Promise.all([...kept].map(([subscriber, messages]) => reach(subscriber, messages)));
  await Promise.all(gone.map((subscriber) => remove(() => bury(subscriber))));
  if (delivered.failed > 0 || delivered.gone > 0) log.info("fan_out", { ...delivered });
  return delivered;
};

/** Most recipients get the very same messages: those frames are built once. */
const memoised = (build: (messages: readonly Packed[]) => string[]): ((messages: readonly Packed[]) => string[]) => {
  let last: readonly Packed[] = [];
  let built: string[] = [];
  return (messages) => {
    if (messages.length !== last.length || messages.some((message, at) => message !== last[at])) {
      last = messages;
      built = build(messages);
    }
    return built;
  };
};
