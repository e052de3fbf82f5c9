import { isReserved } from "../../protocol/index.js";
import type { Agent } from "../connection/agent.js";
import type { Store } from "../ports.js";

/** What came of subscribing an agent to what one guard permitted. */
export type SubscribeOutcome =
  | "done"
  /** It would have more subscriptions than an agent may have: nothing of it was done. */
  | "too_many_subscriptions"
  /** It has left meanwhile: nothing stays behind. */
  | "unknown_agent"
  /** Somebody unsubscribed it in the same moment. Only where `confirm` says that this matters. */
  | "unavailable";

/** What subscribing an agent needs. */
export interface SubscriptionDependencies {
  store: Pick<Store, "putSubscriptions" | "deleteSubscriptions" | "connectionSubscriptions">;
  settings: { limits: { subscriptionsPerAgent: number } };
}

/** What a renewal may change of an agent. */
type Renewable = Pick<Agent, "expiresAt" | "info">;

/** An agent with what its row says now. What a cache knows of it may be older than its last renewal. */
const withStoredRenewal = (
  { expiresAt: _expiresAt, info: _info, ...agent }: Agent,
  { expiresAt, info }: Renewable,
): Agent => ({
  ...agent,
  ...(expiresAt === undefined ? {} : { expiresAt }),
  ...(info === undefined ? {} : { info }),
});

const isSame = (one: Renewable, other: Renewable): boolean =>
  one.expiresAt === other.expiresAt && JSON.stringify(one.info) === JSON.stringify(other.info);

/** Where all connections of a user are subscribed is no subscription of the agent's own. */
const own = (channels: readonly string[]): string[] => channels.filter((channel) => !isReserved(channel));

/** Whether an agent may have these channels besides those it has: nobody is refused what is there already. */
const allows = (most: number, before: ReadonlySet<string>, channels: readonly string[]): boolean => {
  const after = new Set([...before, ...channels]);
  return after.size === before.size || own([...after]).length <= most;
};

/** Whether an agent may be subscribed to these channels, as it is now. */
export const fits = async (
  { store, settings }: SubscriptionDependencies,
  { connectionId }: Agent,
  channels: readonly string[],
): Promise<boolean> => {
  if (channels.length === 0) return true;
  const { channels: before } = await store.connectionSubscriptions(connectionId);
  return allows(settings.limits.subscriptionsPerAgent, new Set(before), channels);
};

/**
 * Makes an agent's subscriptions end when it does. Another renewal may change meanwhile when that is, and another frame
 * may subscribe it: whoever is last sees what the others did.
 * @returns whether the agent is still there
 */
export const extend = async (
  store: Pick<Store, "connectionSubscriptions" | "renewSubscriptions">,
  agent: Agent,
): Promise<boolean> => {
  for (;;) {
    const held = await store.connectionSubscriptions(agent.connectionId);
    const { present, outdated } = held;
    if (!present || outdated.length === 0) return present;
    await store.renewSubscriptions(withStoredRenewal(agent, held), outdated);
  }
};

/**
 * Subscribes an agent, each group of channels as a whole or not at all.
 * @param groups what each guard permitted
 * @param confirm whether the agent is told of each channel: then none is "done" that is gone again when it has been written
 * @returns what came of each group
 */
export const addSubscriptions = async (
  { store, settings }: SubscriptionDependencies,
  agent: Agent,
  groups: readonly (readonly string[])[],
  confirm = false,
): Promise<SubscribeOutcome[]> => {
  const most = settings.limits.subscriptionsPerAgent;
  if (groups.every((group) => group.length === 0)) return groups.map(() => "done");
  let held = await store.connectionSubscriptions(agent.connectionId);
  if (!held.present) return groups.map(() => "unknown_agent");
  const before = new Set(held.channels);
  const granted = new Set(before);
  const outcomes = groups.map((group): SubscribeOutcome => {
    if (!allows(most, granted, group)) return "too_many_subscriptions";
    for (const channel of group) granted.add(channel);
    return "done";
  });
  const permitted = groups.filter((_, at) => outcomes[at] === "done").flat();
  if (permitted.length === 0) return outcomes;
  let known: Renewable;
  do {
    known = held;
    await store.putSubscriptions(withStoredRenewal(agent, known), permitted);
    // Read after writing: a removal that came before these rows has not seen them, but has deleted the agent first; of
    // several frames that fill the last places at once, none ends with more than there are; and a renewal that has not
    // seen these rows has changed the agent first.
    held = await store.connectionSubscriptions(agent.connectionId);
  } while (held.present && !isSame(held, known));
  const { present, channels } = held;
  const fresh = permitted.filter((channel) => !before.has(channel));
  if (present && (own(channels).length <= most || fresh.length === 0)) {
    const gone = permitted.filter((channel) => !channels.includes(channel));
    // Of a channel's two rows the one by which publications find the agent may have been written after the removal.
    // Nothing would ever find that it is left over: the agent is not subscribed, as far as its own rows say.
    if (gone.length > 0) await store.deleteSubscriptions(agent.connectionId, gone);
    const unsure = new Set(confirm ? gone : []);
    return outcomes.map((outcome, at) =>
      groups[at]?.some((channel) => unsure.has(channel)) ? "unavailable" : outcome,
    );
  }
  await store.deleteSubscriptions(agent.connectionId, present ? fresh : permitted);
  return outcomes.map((outcome, at) => {
    if (!present) return "unknown_agent";
    return groups[at]?.some((channel) => fresh.includes(channel)) ? "too_many_subscriptions" : outcome;
  });
};

/**
 * Unsubscribes an agent. If somebody subscribes it to one of the channels at the same time, the rows of that subscription may
 * have been deleted in part. The agent may have been told that it is subscribed, so all of its rows are written again.
 * @returns the channels to which the agent was subscribed at the same time, and stays
 */
export const removeSubscriptions = async (
  system: SubscriptionDependencies,
  agent: Agent,
  channels: readonly string[],
): Promise<string[]> => {
  if (channels.length === 0) return [];
  const { store } = system;
  await store.deleteSubscriptions(agent.connectionId, [...channels]);
  const held = await store.connectionSubscriptions(agent.connectionId);
  const again = channels.filter((channel) => held.channels.includes(channel));
  if (held.present && again.length > 0)
    await addSubscriptions(
      system,
      agent,
      again.map((channel) => [channel]),
    );
  return again;
};
