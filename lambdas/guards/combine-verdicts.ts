import { isWildcard } from "../../protocol/index.js";

/** The relevant fields of a verdict. */
type Answer = { permitted: false } | { permitted: true; subscribe: string[] };

/**
 * Combines the verdicts of several entries: the first denial, or all permitted channels. Only a wildcard subscription
 * calls several entries.
 * @param verdicts at least one
 */
export const combineVerdicts = <V extends Answer>(verdicts: readonly [V, ...V[]], channel: string | undefined): V => {
  const [first] = verdicts;
  const denied = verdicts.find(({ permitted }) => !permitted);
  if (denied) return denied;
  if (channel === undefined || !isWildcard(channel)) return first;
  const subscribe = verdicts.flatMap((verdict) => (verdict.permitted ? verdict.subscribe : []));
  return { ...first, subscribe: [...new Set(subscribe)] };
};
