import type { Limits } from "../../protocol/index.js";
import type { Agent } from "./agent.js";
import { userChannel } from "./keys.js";
import type { Permitted, Store } from "./ports.js";
import { subscribersOf } from "./recipients.js";

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
 * Whether a user has too many agents, this one included. It is asked when the agent is already there, so that of
 * several that take the last place at once none goes unnoticed; each of them may then be too many.
 */
export const tooManyAgents = async (
  store: Pick<Store, "subscribers">,
  { agentsPerUser }: Limits,
  { userId }: Agent,
): Promise<boolean> => {
  if (userId === undefined) return false;
  const agents = await subscribersOf(store, userChannel(userId));
  return agents.filter(({ expired }) => !expired).length > agentsPerUser;
};
