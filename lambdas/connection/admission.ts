import type { Limits } from "../../protocol/index.js";
import type { Agent } from "./agent.js";
import { userChannel } from "../subscriptions/user-channel.js";
import type { Permitted, Store, Subscriber } from "../ports.js";
import { subscribersOf } from "../delivery/recipients.js";

/** The agent that a connection guard's permission makes. */
export const admit = (
  { credentials: _offered, info: _info, userId: _userId, expiresAt: _expiresAt, ...connection }: Agent,
  { info, userId, expiresAt, credentials }: Permitted,
  keepCredentials: boolean,
): Agent => ({
  ...connection,
  ...(info === undefined ? {} : { info }),
  ...(userId === undefined ? {} : { userId }),
  ...(expiresAt === undefined ? {} : { expiresAt }),
  ...(keepCredentials && credentials !== undefined ? { credentials } : {}),
});

/** Where a new agent is subscribed: what its guard said, and where messages to its user are found. */
export const channelsOf = ({ userId }: Agent, { subscribe }: Permitted): string[] =>
  userId === undefined ? subscribe : [...subscribe, userChannel(userId)];

/**
 * How many of a user's connections count. Two of one session count once: a client opens its next connection before it
 * closes the old one, or before the server knows that the old one is lost. Each further one counts, so that a client
 * gets no more than one by its session.
 */
const counted = (agents: readonly Subscriber[]): number => {
  const known = new Map<string, number>();
  let count = 0;
  for (const { expired, session } of agents) {
    if (expired) continue;
    const before = session === undefined ? 0 : (known.get(session) ?? 0);
    if (session !== undefined) known.set(session, before + 1);
    if (before !== 1) count += 1;
  }
  return count;
};

/**
 * Whether a user has too many agents, this one included. It is asked when the agent is already there, so that of
 * several that take the last place at once none goes unnoticed; each of them may then be too many.
 */
export const tooManyAgents = async (
  store: Pick<Store, "subscribers">,
  { agentsPerUser }: Limits,
  { userId }: Agent,
): Promise<boolean> => {
  if (userId === undefined) return false;
  return counted(await subscribersOf(store, userChannel(userId))) > agentsPerUser;
};
