import type { Clock, Connections, Subscriber } from "./ports.js";
import { afterPost } from "./retry.js";

/** What posting needs. */
export interface Posting {
  connections: Pick<Connections, "post">;
  clock: Clock;
}

/** How long one connection is tried. */
export interface Patience {
  /** Until when attempts may be made, in epoch milliseconds. */
  postsUntil: number;
  /** How long it is tried again after the first failure, in milliseconds. */
  patienceMs: number;
}

/** What to do about a connection after all attempts. */
export type Posted =
  | "done"
  /** It does not exist. */
  | "remove"
  /** Trying again cannot help. */
  | "give up"
  /** There was no time to try it even once. */
  | "late"
  /** It failed for as long as it was tried. */
  | "slow";

/**
 * Posts one frame to one connection, again and again as far as that makes sense.
 * @param limited has each attempt wait for its turn among others
 */
export const postUntil = async (
  { connections, clock }: Posting,
  { connectionId, connectedAt }: Subscriber,
  frame: string,
  { postsUntil, patienceMs }: Patience,
  limited: <T>(work: () => Promise<T>) => Promise<T>,
): Promise<Posted> => {
  let until = postsUntil;
  for (let attempt = 1; ; attempt += 1) {
    const result = await limited(async () => (clock.now() < until ? connections.post(connectionId, frame) : undefined));
    if (!result) return attempt === 1 ? "late" : "slow";
    const now = clock.now();
    if (attempt === 1) until = Math.min(postsUntil, now + patienceMs);
    const next = afterPost(result, attempt, now - connectedAt, until - now, clock.random());
    if (next.step !== "retry") return next.step;
    await clock.sleep(next.afterMs);
  }
};
