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

/** The channels that a new agent is subscribed to: those of its guard's verdict, and the channel of its user. */
export const channelsOf = ({ userId }: Agent, { subscribe }: Permitted): string[] =>
  userId === undefined ? subscribe : [...subscribe, userChannel(userId)];

/**
 * Counts a user's connections. Two connections of one session count once. A client opens its next connection before it
 * closes the old one, or before the server notices that the old one is lost. Each further connection of the session
 * counts, so that a session saves a client one place at most.
 */
const countConnections = (agents: readonly Subscriber[]): number => {
  const bySession = new Map<string, number>();
  let count = 0;
  for (const { expired, session } of agents) {
    if (expired) continue;
    const before = session === undefined ? 0 : (bySession.get(session) ?? 0);
    if (session !== undefined) bySession.set(session, before + 1);
    if (before !== 1) count += 1;
  }
  return count;
};

/**
 * Whether a user has too many agents, this one included. Call it after the agent is stored: if several agents take the
 * last place at once, each of them is noticed. Each of them may then be one too many.
 */
export const tooManyAgents = async (
  store: Pick<Store, "subscribers">,
  { agentsPerUser }: Limits,
  { userId }: Agent,
): Promise<boolean> => {
  if (userId === undefined) return false;
  return countConnections(await subscribersOf(store, userChannel(userId))) > agentsPerUser;
};
