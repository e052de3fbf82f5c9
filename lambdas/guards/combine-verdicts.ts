import { isWildcard } from "../../protocol/index.js";

/** As much of a verdict as says whether it permits, and what it subscribes to. */
type Answer = { permitted: false } | { permitted: true; subscribe: string[] };

/**
 * What several entries' verdicts come to: the first no, or all that they permit. Only a wildcard subscription asks
 * several.
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
