import { CLIENT_TIMERS, type ClientTimers } from "../platform/client-timers.js";

/** The timers of the stores. Tests replace them. */
export const clock = {
  /**
   * Calls `callback` once, after `milliseconds`.
   * @param client the client of the components
   * @returns a function that cancels the call
   */
  after(milliseconds: number, callback: () => void, client: object): () => void {
    const timers = (client as { [CLIENT_TIMERS]?: ClientTimers })[CLIENT_TIMERS] ?? globalThis;
    const timer = timers.setTimeout(callback, milliseconds);
    return () => timers.clearTimeout(timer);
  },
};
