import { subjectOf, withSubject } from "../../protocol/delivery-subject.js";
import type { Limits, Message } from "../../protocol/index.js";
import type { Agent } from "../connection/agent.js";
import { limiter } from "../util/limiter.js";
import { fits, serialize, type SerializedMessage, serializeWithheld } from "./serialize.js";
import type { Clock, GuardPort, Log, Store } from "../ports.js";
import type { Publication, Recipient } from "./recipients.js";

/** The ports that delivery guards need. */
export interface DeliveryGuardDependencies {
  store: Pick<Store, "agents">;
  guards: Pick<GuardPort, "guardsDelivery" | "delivery">;
  clock: Pick<Clock, "now">;
  log: Pick<Log, "error">;
  settings: { limits: Pick<Limits, "messageBytes"> };
}

/** How many delivery guards wait to be begun at once: more would use up their time in the queue. */
const WAITING_GUARDS = 32;

/** The messages that one recipient receives, in order, or `"late"` if there was no time to ask its guard. */
export type Delivery = readonly SerializedMessage[] | "late";

/**
 * Decides about the recipients of one page. The guards of all recipients run concurrently. If there is no guard to ask,
 * the decision is immediate.
 */
export type Decide = (recipient: Recipient) => Delivery | Promise<Delivery>;

/**
 * Asks the delivery guards about the messages of a fan-out.
 * @param deadline the last moment to ask a guard, in epoch milliseconds
 * @param withheld called for each recipient that does not receive a message, because its guard did not permit it
 * @returns a function that prepares a page: it reads the agents that the guards need. Recipients that no guard decides about
 * share one list of messages
 */
export const createDeliveryGuards = (
  system: DeliveryGuardDependencies,
  deadline: number,
  withheld: (publication: Publication) => void,
): ((page: readonly Recipient[]) => Promise<Decide>) => {
  const { store, guards, clock, log, settings } = system;
  const limited = limiter(WAITING_GUARDS);
  const packed = memoize((publication: Publication) => {
    const { message, offset, epoch } = publication;
    return (publication.withheld && skipOf(publication)) ?? serialize({ ...message, offset, epoch });
  });
  const plain = memoize((publications: readonly Publication[]) => publications.map(packed));
  const guardsDelivery = memoize((channel: string) => guards.guardsDelivery(channel));
  const subject = memoize(subjectOf);
  const isGuarded = async (message: Message): Promise<boolean> => {
    const about = subject(message);
    return about !== undefined && guardsDelivery(about.channel);
  };

  /** The publications of a list about which a guard decides. */
  const guarded = memoize(async (publications: readonly Publication[]): Promise<ReadonlySet<Publication>> => {
    const decided = await Promise.all(publications.map(({ message }) => isGuarded(message)));
    return new Set(publications.filter(({ withheld }, at) => decided[at] && !withheld));
  });

  /** Takes a place in the queue until the guard has begun; how long it then takes is its own affair. */
  const ask = async (agent: Agent, publication: Publication): Promise<SerializedMessage | "late" | undefined> => {
    const { message, offset, epoch } = publication;
    const delivery = await limited(async () => {
      const remaining = deadline - clock.now();
      if (remaining <= 0) return undefined;
      let begin = (): void => undefined;
      const begun = new Promise<void>((resolve) => (begin = resolve));
      const transformed = guards.delivery(agent, subject(message) ?? message, remaining, begin);
      await Promise.race([begun, transformed]);
      return { transformed };
    });
    if (!delivery) return "late";
    const transformed = await delivery.transformed;
    if (transformed === "late") return transformed;
    if (!transformed) {
      withheld(publication);
      return skipOf(publication);
    }
    const fitting = serialize({ ...withSubject(message, transformed), offset, epoch });
    if (fits(fitting, settings.limits)) return fitting;
    log.error("delivery_too_large", {
      agent: agent.uuid,
      channel: message.channel,
      uuid: message.uuid,
      bytes: fitting.counted,
    });
    return skipOf(publication);
  };

  /** The messages for an agent. An agent that has left receives no message that a guard would have to permit. */
  const askAll = async (
    agent: Agent | undefined,
    publications: readonly Publication[],
    asked: ReadonlySet<Publication>,
  ): Promise<Delivery> => {
    const decide = async (publication: Publication): Promise<SerializedMessage | "late" | undefined> =>
      asked.has(publication) ? agent && ask(agent, publication) : packed(publication);
    const decided = await Promise.all(publications.map(decide));
    if (decided.includes("late")) return "late";
    return decided.filter((message) => message !== undefined && message !== "late");
  };

  return async (page) => {
    const decisive = new Map<readonly Publication[], ReadonlySet<Publication>>();
    for (const { publications } of page) {
      if (!decisive.has(publications)) decisive.set(publications, await guarded(publications));
    }
    const asking = page.filter(
      ({ subscriber, publications }) => !subscriber.expired && decisive.get(publications)!.size > 0,
    );
    const agents =
      asking.length > 0 ? await store.agents(asking.map(({ subscriber }) => subscriber.connectionId)) : undefined;
    return (recipient) => {
      const { subscriber, publications } = recipient;
      const asked = decisive.get(publications)!;
      return asked.size === 0 ? plain(publications) : askAll(agents?.get(subscriber.connectionId), publications, asked);
    };
  };
};

/** The replacement for a message that a recipient does not receive. Without a position, a client cannot notice a gap. */
const skipOf = ({ message: { channel }, epoch, offset }: Publication): SerializedMessage | undefined =>
  epoch === undefined || offset === undefined ? undefined : serializeWithheld({ channel, epoch, offset });

/** A function that is run once for each argument. */
const memoize = <Argument, Result>(work: (argument: Argument) => Result): ((argument: Argument) => Result) => {
  const known = new Map<Argument, Result>();
  return (argument) => {
    if (known.has(argument)) return known.get(argument) as Result;
    const result = work(argument);
    known.set(argument, result);
    return result;
  };
};
