import type { PushItError } from "./errors.js";
import type { Request } from "./exchanges.js";

/** What publications and subscriptions need of the connection. */
export interface Wire {
  /** Whether frames can be sent now. */
  _ready(): boolean;
  /** Why nothing will be sent until the application calls `connect()`; `undefined` while that may still happen. */
  _stopped: PushItError | undefined;
  /** Sends a frame; where it holds `requests`, they are settled by its answers, and then `done` is called. */
  _send(frame: string, requests?: readonly Request[], done?: () => void): void;
}
