import type { Message } from "../../protocol/index.js";
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
const POSTS_IN_FLIGHT = 64;

/** How many connections that are gone are removed at once. */
const REMOVALS_IN_FLIGHT = 8;

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

/** What each recipient gets once the delivery guards have had their say. One recipient's guard touches no other. */
const guarded = async (
  { store, guards, log }: FanOut,
  recipients: Map<Subscriber, Publication[]>,
): Promise<Map<Subscriber, Packed[]>> => {
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

  const deliver = async (subscriber: Subscriber, publication: Publication): Promise<Packed | undefined> => {
    if (!decided.has(publication.message.channel)) return once(publication);
    const agent = agents?.get(subscriber.connectionId);
    const message = agent && (await guards.delivery(agent, publication.message));
    if (!message) return undefined;
    const transformed = pack(message);
    if (fits(transformed)) return transformed;
    log.error("delivery_too_large", { agent: agent.uuid, channel: message.channel, bytes: transformed.bytes });
    return undefined;
  };
  const entries = await Promise.all(
    [...recipients].map(async ([subscriber, messages]) => {
      const kept = await Promise.all(messages.map((publication) => deliver(subscriber, publication)));
      return [subscriber, kept.filter((message) => message !== undefined)] as const;
    }),
  );
  return new Map(entries.filter(([, messages]) => messages.length > 0));
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
      const result = await post(() => connections.post(subscriber.connectionId, frame));
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
      delivered[step === "remove" ? "gone" : "failed"] += 1;
      if (step === "remove") gone.push(subscriber);
      else log.warn("not_delivered", { connection: subscriber.connectionId, messages: messages.length });
      return;
    }
    delivered.sent += 1;
  };

  const framesOf = memoised(frames);
  const recipients = await guarded(system, await recipientsOf(system, publications));
  await Promise.all([...recipients].map(([subscriber, messages]) => reach(subscriber, messages)));
  await Promise.all(
    gone.map((subscriber) =>
      remove(async () => {
        // A 410 can be wrong: then this closes a socket that was alive, and its SDK connects again. Never silence.
        await connections.close(subscriber.connectionId);
        await removeAgent(system, subscriber);
      }),
    ),
  );
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
