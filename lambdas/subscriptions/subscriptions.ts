import { isReserved } from "../../protocol/index.js";
import type { Agent } from "../connection/agent.js";
import type { ConnectionSubscriptions, Store } from "../ports.js";

/** The result of subscribing an agent to the channels of one verdict. */
export type SubscribeOutcome =
  | "done"
  /** The agent would have too many subscriptions: none of the group was written. */
  | "too_many_subscriptions"
  /** The agent has left meanwhile: its rows are deleted. */
  | "unknown_agent"
  /** The agent was unsubscribed at the same time. Only if `confirm` is set. */
  | "unavailable";

/** The ports that changing subscriptions uses. */
export interface SubscriptionDependencies {
  store: Pick<Store, "putSubscriptions" | "deleteSubscriptions" | "connectionSubscriptions">;
  settings: { limits: { subscriptionsPerAgent: number } };
}

/** The fields of an agent that a renewal may change. */
type Renewable = Pick<Agent, "expiresAt" | "info">;

/** An agent with its stored renewal. A cached agent may be older than its last renewal. */
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

/** The agent's own subscriptions: without the channel that finds all connections of its user. */
const ownChannels = (channels: readonly string[]): string[] => channels.filter((channel) => !isReserved(channel));

/**
 * Whether an agent may have these channels in addition to its present ones. Existing subscriptions are never refused.
 */
const allows = (max: number, before: ReadonlySet<string>, channels: readonly string[]): boolean => {
  const after = new Set([...before, ...channels]);
  return after.size === before.size || ownChannels([...after]).length <= max;
};

/** Whether an agent may be subscribed to these channels, with its present subscriptions. */
export const hasRoomFor = async (
  { store, settings }: SubscriptionDependencies,
  { connectionId }: Agent,
  channels: readonly string[],
): Promise<boolean> => {
  if (channels.length === 0) return true;
  const { channels: before } = await store.connectionSubscriptions(connectionId);
  return allows(settings.limits.subscriptionsPerAgent, new Set(before), channels);
};

/**
 * Makes an agent's subscriptions end when the agent ends. Another renewal may change that end meanwhile, and another
 * frame may subscribe the agent: the last one to read sees the changes of the others.
 * @returns whether the agent still exists
 */
export const extend = async (
  store: Pick<Store, "connectionSubscriptions" | "renewSubscriptions">,
  agent: Agent,
): Promise<boolean> => {
  for (;;) {
    const stored = await store.connectionSubscriptions(agent.connectionId);
    const { present, outdated, observed } = stored;
    if (!present || outdated.length === 0) return present;
    await store.renewSubscriptions(withStoredRenewal(agent, stored), outdated, new Set(observed));
  }
};

/** The channels of a list on which an agent does not want to be a member: as it says, or as it said before. */
const observedOf = (
  channels: readonly string[],
  wishes: ReadonlyMap<string, boolean>,
  { observed = [] }: Pick<ConnectionSubscriptions, "observed">,
): Set<string> => new Set(channels.filter((channel) => !(wishes.get(channel) ?? !observed.includes(channel))));

/**
 * Subscribes an agent, each group of channels completely or not at all.
 * @param groups the channels of each verdict
 * @param confirm whether the agent is notified of each channel: then no channel is "done" that was removed while it was
 * written
 * @param wishes whether the agent wants to be a member, by channel. Other channels stay as they are: a new one makes it
 * a member
 * @returns the result of each group
 */
export const addSubscriptions = async (
  { store, settings }: SubscriptionDependencies,
  agent: Agent,
  groups: readonly (readonly string[])[],
  confirm = false,
  wishes: ReadonlyMap<string, boolean> = new Map(),
): Promise<SubscribeOutcome[]> => {
  const max = settings.limits.subscriptionsPerAgent;
  if (groups.every((group) => group.length === 0)) return groups.map(() => "done");
  let stored = await store.connectionSubscriptions(agent.connectionId);
  if (!stored.present) return groups.map(() => "unknown_agent");
  const before = new Set(stored.channels);
  const granted = new Set(before);
  const outcomes = groups.map((group): SubscribeOutcome => {
    if (!allows(max, granted, group)) return "too_many_subscriptions";
    for (const channel of group) granted.add(channel);
    return "done";
  });
  const permitted = groups.filter((_, at) => outcomes[at] === "done").flat();
  if (permitted.length === 0) return outcomes;
  let written: Renewable;
  do {
    written = stored;
    await store.putSubscriptions(withStoredRenewal(agent, written), permitted, observedOf(permitted, wishes, stored));
    // Read after writing. A removal that came before these rows has not seen them, but has deleted the agent first. If
    // several frames take the last places at once, none ends with too many. A renewal that has not seen these rows has
    // changed the agent first.
    stored = await store.connectionSubscriptions(agent.connectionId);
  } while (stored.present && !isSame(stored, written));
  const { present, channels } = stored;
  const fresh = permitted.filter((channel) => !before.has(channel));
  if (present && (ownChannels(channels).length <= max || fresh.length === 0)) {
    const removed = permitted.filter((channel) => !channels.includes(channel));
    // Of a channel's two rows, the row for publications may have been written after the removal. It would never
    // be found, because the agent's own rows do not list the channel. So it is deleted.
    if (removed.length > 0) await store.deleteSubscriptions(agent.connectionId, removed);
    const unconfirmed = new Set(confirm ? removed : []);
    return outcomes.map((outcome, at) =>
      groups[at]?.some((channel) => unconfirmed.has(channel)) ? "unavailable" : outcome,
    );
  }
  await store.deleteSubscriptions(agent.connectionId, present ? fresh : permitted);
  return outcomes.map((outcome, at) => {
    if (!present) return "unknown_agent";
    return groups[at]?.some((channel) => fresh.includes(channel)) ? "too_many_subscriptions" : outcome;
  });
};

/**
 * Unsubscribes an agent. If another request subscribes it to one of the channels at the same time, part of that
 * subscription's rows may have been deleted. The agent may have been notified that it is subscribed, so all of its rows
 * are written again.
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
  const stored = await store.connectionSubscriptions(agent.connectionId);
  const resubscribed = channels.filter((channel) => stored.channels.includes(channel));
  if (stored.present && resubscribed.length > 0)
    await addSubscriptions(
      system,
      agent,
      resubscribed.map((channel) => [channel]),
    );
  return resubscribed;
};
