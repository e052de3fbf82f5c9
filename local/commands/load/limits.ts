import { REQUESTS_PER_SECOND } from "../remote/quotas.js";

/** The default load. */
export const DEFAULTS = { clients: 10, rate: 10, seconds: 30 } as const;

/**
 * The largest load: one process of Node can send and time it. Deliveries per second are half of an account's default
 * quota, so that other APIs of the account keep working.
 */
export const MOST = { clients: 2_000, rate: 500, seconds: 600, deliveriesPerSecond: REQUESTS_PER_SECOND / 2 } as const;

/** New clients per second: a tenth of the construct's default throttle, and below a small Region's share. */
export const RAMP_PER_SECOND = 40;

/** Publications of one client per second: half of an agent's default limit (`publicationsPerSecond`). */
export const RATE_PER_PUBLISHER = 50;

/** The default prefix of channels, as in `check`. */
export const DEFAULT_PREFIX = "push-it-check";

/** How long a client may take to connect and subscribe, in milliseconds. */
export const READY_MS = 60_000;

/** How long is waited for the last messages, in milliseconds. */
export const DRAIN_MS = 10_000;

/**
 * The share of a load's rate below which the load stops. It is above `RECOVERY_PER_SECOND`, to which refusals once a
 * second converge. So a load ends after some six seconds of them.
 */
export const LEAST_PACE = 1 / 8;

/** How fast the rate comes back after it was halved: this share of the asked rate in a second. */
export const RECOVERY_PER_SECOND = 0.1;

/** How long one refusal stands for all that were under way with it, in milliseconds. */
export const REFUSAL_MS = 1_000;
