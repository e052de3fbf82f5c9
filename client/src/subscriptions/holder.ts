import type { PushItError } from "../errors.js";

/** An owner of a subscription: a channel object, or the client itself. */
export type Holder = object & {
  /** On a channel with history: whether the history keeps older messages than the newest that the holder received. */
  hasOlder?: boolean | undefined;
};

/** On a channel with presence: whether the client is a member, or only observes. */
export type Role = "member" | "observer";

/** Called once when a call of the application has succeeded, or with the error. */
export type SettleCallback = (error?: PushItError) => void;
