import type { Json } from "../../../../protocol/json.js";
import type { Limits } from "../../../../protocol/limits.js";
import type { Agent, Peer } from "./agent.js";
import type { Permitted } from "./guards.js";

/** The credentials that a handshake offers. */
export const decodeCredentials = (protocols: readonly string[], prefix: string): { credentials?: Json } => {
  const offered = protocols.find((each) => each.startsWith(prefix));
  if (offered === undefined) return {};
  const binary = atob(offered.slice(prefix.length).replace(/-/g, "+").replace(/_/g, "/"));
  const escaped = [...binary].map((byte) => `%${byte.charCodeAt(0).toString(16).padStart(2, "0")}`).join("");
  return { credentials: JSON.parse(decodeURIComponent(escaped)) as Json };
};

/** The agent that a connection guard has permitted. */
export const admitted = ({ uuid }: Agent, { credentials, info, userId, expiresAt }: Permitted): Agent => ({
  uuid,
  ...(credentials !== undefined && { credentials }),
  ...(info !== undefined && { info }),
  ...(userId !== undefined && { userId }),
  ...(expiresAt !== undefined && { expiresAt }),
});

/** Whether a user would have too many connections. Two connections of one session count once. */
export const tooManyAgents = (
  peers: ReadonlySet<Peer>,
  { session }: Peer,
  { userId }: Agent,
  { agentsPerUser }: Limits,
): boolean => {
  if (userId === undefined) return false;
  const sessions = [...peers].filter(({ agent }) => agent?.userId === userId).map((peer) => peer.session);
  const counts = new Map<string, number>();
  for (const each of [...sessions, session]) counts.set(each, (counts.get(each) ?? 0) + 1);
  const connections = [...counts.values()].reduce((sum, count) => sum + Math.max(1, count - 1), 0);
  return connections > agentsPerUser;
};
