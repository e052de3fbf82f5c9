import type { Limits } from "../../protocol/index.js";
import type { Agent } from "./agent.js";
import { limiter } from "./limiter.js";
import { fits, pack, type Packed } from "./pack.js";
import type { Clock, Guards, Log, Store } from "./ports.js";
import type { Publication, Recipient } from "./recipients.js";

/** What asking the delivery guards needs. */
export interface Delivering {
  store: Pick<Store, "agents">;
  guards: Pick<Guards, "guardsDelivery" | "delivery">;
  clock: Pick<Clock, "now">;
  log: Pick<Log, "error">;
  settings: { limits: Pick<Limits, "messageBytes"> };
}

/** How many delivery guards wait to be begun at once: more would use up their time in the queue. */
const WAITING_GUARDS = 32;

/** What one recipient gets, in order; `"late"` when its guard could not be asked in time. */
export type Delivery = readonly Packed[] | "late";

/** Decides about the recipients of one page; the guard of one and those of others wait side by side, none for another. */
export type Decide = (recipient: Recipient) => Promise<Delivery>;

/**
 * Asks the delivery guards of a fan-out.
 * @param deadline until when guards may be asked, in epoch milliseconds
 * @returns prepares a page: the agents are read here whom a guard has to know. Recipients of the same list that no
 * guard decides about get the very same list of messages
 */
export const deliveries = (system: Delivering, deadline: number): ((page: readonly Recipient[]) => Promise<Decide>) => {
  const { store, guards, clock, log, settings } = system;
  const limited = limiter(WAITING_GUARDS);
  const packed = once((publication: Publication) => pack(publication.message));
  const plain = once((publications: readonly Publication[]) => publications.map(packed));
  const isGuarded = once((channel: string) => guards.guardsDelivery(channel));

  /** The publications of a list about which a guard decides. */
  const guarded = once(async (publications: readonly Publication[]): Promise<ReadonlySet<Publication>> => {
    const decided = await Promise.all(publications.map(({ message }) => isGuarded(message.channel)));
    return new Set(publications.filter((_, at) => decided[at]));
  });

  /** Takes a place in the queue until the guard has begun; how long it then takes is its own affair. */
  const ask = async (agent: Agent, { message }: Publication): Promise<Packed | "late" | undefined> => {
    const delivery = await limited(async () => {
      const remaining = deadline - clock.now();
      if (remaining <= 0) return undefined;
      let begin = (): void => undefined;
      const begun = new Promise<void>((resolve) => (begin = resolve));
      const transformed = guards.delivery(agent, message, remaining, begin);
      await Promise.race([begun, transformed]);
      return { transformed };
    });
    if (!delivery) return "late";
    const transformed = await delivery.transformed;
    if (!transformed || transformed === "late") return transformed;
    const fitting = pack(transformed);
    if (fits(fitting, settings.limits)) return fitting;
    log.error("delivery_too_large", { agent: agent.uuid, channel: message.channel, bytes: fitting.bytes });
    return undefined;
  };

  return async (page) => {
    const asking: string[] = [];
    for (const { subscriber, publications } of page) {
      if (!subscriber.expired && (await guarded(publications)).size > 0) asking.push(subscriber.connectionId);
    }
    const agents = asking.length > 0 ? await store.agents(asking) : undefined;
    return async ({ subscriber, publications }) => {
      const decisive = await guarded(publications);
      if (decisive.size === 0) return plain(publications);
      const agent = agents?.get(subscriber.connectionId);
      const decide = (publication: Publication): Packed | undefined | Promise<Packed | "late" | undefined> =>
        decisive.has(publication) ? agent && ask(agent, publication) : packed(publication);
      const decided = await Promise.all(publications.map(decide));
      if (decided.includes("late")) return "late";
      return decided.filter((message) => message !== undefined && message !== "late");
    };
  };
};

/** A function that is run once for each argument. */
const once = <Argument, Result>(work: (argument: Argument) => Result): ((argument: Argument) => Result) => {
  const known = new Map<Argument, Result>();
  return (argument) => {
    if (known.has(argument)) return known.get(argument) as Result;
    const result = work(argument);
    known.set(argument, result);
    return result;
  };
};
