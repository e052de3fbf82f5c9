import type { Request } from "../requests/request.js";
import type { Holder, Role, SettleCallback } from "./holder.js";
import type { TokenFunction } from "../types.js";

/** A call of the application that waits for its result. */
export interface Waiter {
  holder: Holder;
  /** Whether the call subscribes. Otherwise it unsubscribes. */
  wants: boolean;
  settle: SettleCallback;
}

/** One channel that has holders, or to which the server may still have a subscription. */
export interface Subscription {
  readonly channel: string;
  /** Its holders, each with the role that it wants. Without any, the client unsubscribes. */
  readonly holders: Map<Holder, Role>;
  /** The holders' functions for tokens. The newest comes last. */
  readonly tokens: Map<Holder, TokenFunction>;
  /** The calls that wait for their result. */
  waiters: Waiter[];
  /** The request that is queued or in flight. */
  request?: Request | undefined;
  /** Whether the application has received `subscribed`, and its end has not been reported since. */
  isAnnounced?: boolean;
  /** Whether messages may be missing since the last `subscribed`, because an attempt failed or a connection ended. */
  hasGap?: boolean;
  /** Whether it has failed and waits for its next attempt. */
  isPaused?: boolean;
}

/** The role of the client: it is a member if one holder wants that. `undefined` without holders. */
export const roleOf = ({ holders }: Pick<Subscription, "holders">): Role | undefined => {
  if (!holders.size) return undefined;
  return [...holders.values()].includes("member") ? "member" : "observer";
};
