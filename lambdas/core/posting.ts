import type { Clock, Connections, Subscriber } from "./ports.js";
import { afterPost } from "./retry.js";

/** What posting needs. */
export interface Posting {
  connections: Pick<Connections, "post">;
  clock: Clock;
}

/**
 * Posts one frame to one connection, again and again as far as that makes sense before the deadline.
 * @param deadline in epoch milliseconds
 * @param limited has each attempt wait for its turn among others
 * @returns what to do about the connection
 */
export const postUntil = async (
  { connections, clock }: Posting,
  { connectionId, connectedAt }: Subscriber,
  frame: string,
  deadline: number,
  limited: <T>(work: () => Promise<T>) => Promise<T>,
): Promise<"done" | "remove" | "give up"> => {
  for (let attempt = 1; ; attempt += 1) {
    const result = await limited(async () => (clock.now() < deadline ? connections.post(connectionId, frame) : "failed"));
    const now = clock.now();
    const next = afterPost(result, attempt, now - connectedAt, deadline - now, clock.random());
    if (next.step !== "retry") return next.step;
    await clock.sleep(next.afterMs);
  }
};
