import type { Limits } from "../../protocol/index.js";
import type { Agent } from "./agent.js";
import { limiter } from "./limiter.js";
import { fits, pack, type Packed } from "./pack.js";
import type { Clock, Guards, Log, Store, Subscriber } from "./ports.js";
import type { Publication, Recipients } from "./recipients.js";

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
export type Delivery = Packed[] | "late";

/**
 * Prepares to ask the delivery guards of a fan-out, whose recipients are read here where a guard has to know them.
 * @param deadline until when guards may be asked, in epoch milliseconds
 * @returns decides about one recipient; its guard and those of others wait side by side, and none for another
 */
export const deliveriesFor = async (
  { store, guards, clock, log, settings }: Delivering,
  recipients: Recipients,
  deadline: number,
): Promise<(subscriber: Subscriber, publications: readonly Publication[]) => Promise<Delivery>> => {
  const packed = new Map<Publication, Packed>();
  const once = (publication: Publication): Packed => {
    const known = packed.get(publication) ?? pack({ ...publication.message, offset: publication.offset });
    packed.set(publication, known);
    return known;
  };
  const channels = new Set([...recipients.values()].flat().map(({ message }) => message.channel));
  const guarded = new Set<string>();
  await Promise.all([...channels].map(async (name) => (await guards.guardsDelivery(name)) && guarded.add(name)));
  const asking = [...recipients].filter(([, messages]) => messages.some(({ message }) => guarded.has(message.channel)));
  const agents = asking.length > 0 ? await store.agents(asking.map(([{ connectionId }]) => connectionId)) : undefined;
  const limited = limiter(WAITING_GUARDS);

  /** Takes a place in the queue until the guard has begun; how long it then takes is its own affair. */
  const ask = async (agent: Agent, { message, offset }: Publication): Promise<Packed | "late" | undefined> => {
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
    const fitting = pack({ ...transformed, offset });
    if (fits(fitting, settings.limits)) return fitting;
    log.error("delivery_too_large", { agent: agent.uuid, channel: message.channel, bytes: fitting.bytes });
    return undefined;
  };
  const deliver = async (subscriber: Subscriber, publication: Publication): Promise<Packed | "late" | undefined> => {
    if (!guarded.has(publication.message.channel)) return once(publication);
    const agent = agents?.get(subscriber.connectionId);
    return agent && ask(agent, publication);
  };
  return async (subscriber, publications) => {
    const decided = await Promise.all(publications.map((publication) => deliver(subscriber, publication)));
    if (decided.includes("late")) return "late";
    return decided.filter((message) => message !== undefined && message !== "late");
  };
};
