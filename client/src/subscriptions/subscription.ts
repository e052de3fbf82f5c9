import type { Request } from "../requests/request.js";
import type { SettleCallback } from "../internals.js";

/** Somebody who wants a channel: a handle, or the client itself. */
export type Holder = object;

/** Somebody who waits for what became of a call. */
export interface Waiter {
  holder: Holder;
  /** Whether the holder wanted the channel. */
  wants: boolean;
  settle: SettleCallback;
}

/** One channel that somebody wants, or that the server may still have. */
export interface Subscription {
  readonly channel: string;
  /** Who wants it. */
  readonly holders: Set<Holder>;
  /** Who waits for what became of a call. */
  waiters: Waiter[];
  /** The request under way. */
  request?: Request | undefined;
  /** Whether the application believes that it is subscribed. */
  isAnnounced?: boolean;
  /** It failed for now, and waits for its next attempt. */
  isPaused?: boolean;
}
