import type { Frame } from "./frame.js";
import { limiter } from "./limiter.js";
import { Pace } from "./pace.js";
import type { Clock, Connections, Subscriber } from "./ports.js";
import { afterPost } from "./retry.js";

/** What posting needs. */
export interface Posting {
  connections: Pick<Connections, "post" | "close">;
  clock: Clock;
}

/** What is to be done about a connection that was posted to. */
export type Posted =
  | "done"
  /** It does not exist: remove it. */
  | "remove"
  /** It could not be reached in time, or does not take this: it has missed something. */
  | "give up";

/** Posts to many connections at once, at the pace that API Gateway takes. */
export interface Poster {
  /**
   * Posts frames to one connection, in their order, each again and again as far as that makes sense. What a connection
   * waits for before a retry, it waits for alone: it holds no place then, and slows down nobody.
   * @param until in epoch milliseconds; no attempt begins after that
   */
  post(subscriber: Subscriber, frames: readonly Frame[], until: number): Promise<Posted>;
  /**
   * Closes a connection, if that can begin in time.
   * @param until in epoch milliseconds
   * @returns whether it is closed
   */
  close(connectionId: string, until: number): Promise<boolean>;
}

/**
 * One poster is for all that is posted at once.
 * @example
 * const poster = createPoster({ connections, clock });
 * const step = await poster.post(subscriber, frames([packed]), clock.now() + 10_000);
 */
export const createPoster = ({ connections, clock }: Posting): Poster => {
  const pace = new Pace(clock);
  const limited = limiter(() => pace.limit);
  const once = (connectionId: string, frame: Frame, until: number): ReturnType<Connections["post"]> =>
    limited(async () => {
      if (clock.now() >= until) return "failed";
      const result = await connections.post(connectionId, frame);
      pace.heard(connectionId, result);
      return result;
    });
  const postOne = async ({ connectionId, connectedAt }: Subscriber, frame: Frame, until: number): Promise<Posted> => {
    for (let attempt = 1; ; attempt += 1) {
      const result = await once(connectionId, frame, until);
      const now = clock.now();
      const next = afterPost(result, attempt, now - connectedAt, until - now, clock.random());
      if (next.step !== "retry") return next.step;
      await clock.sleep(next.afterMs);
    }
  };
  return {
    async post(subscriber, frames, until) {
      for (const frame of frames) {
        const step = await postOne(subscriber, frame, until);
        if (step !== "done") return step;
      }
      return "done";
    },
    close: (connectionId, until) => limited(async () => clock.now() < until && connections.close(connectionId)),
  };
};
