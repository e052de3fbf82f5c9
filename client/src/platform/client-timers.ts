import type { Platform } from "./platform.js";

/**
 * The property of a client with the timers of its components, if they are not the runtime's. The fake of
 * `push-it-client/testing` sets it, so that hooks and the SDK have the same time.
 */
export const CLIENT_TIMERS = Symbol.for("push-it-client.timers");

/** Timers of components. */
export type ClientTimers = Pick<Platform, "setTimeout" | "clearTimeout">;
