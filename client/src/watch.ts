import type { Host } from "./host.js";

/** How often to look at the clock, in milliseconds. */
const TICK = 10_000;

/**
 * How late a look may be, in milliseconds, before it means that this process slept. Browsers wake a throttled
 * background tab once a minute: that is no sleep.
 */
const SLEPT = 60_000;

/**
 * Watches the time and the page. Calls `ping` every `interval()` milliseconds less up to a tenth at random, and `wake`
 * when the process or page returns from a sleep, a freeze, the background or an offline spell; `online` says that it
 * was the last, where a connection has likely gone with its network.
 * @returns a function that ends the watch
 */
export const watch = (
  host: Host,
  interval: () => number,
  ping: () => void,
  wake: (online: boolean) => void,
): (() => void) => {
  const page = new AbortController();
  let timer: unknown;
  let pinged = 0;
  let share = 0;

  const schedule = (): void => {
    pinged = host.Date.now();
    share = 1 - host.Math.random() / 10;
  };
  /** Asked at each look: the interval may have changed. */
  const pingAt = (): number => pinged + interval() * share;
  const tick = (): void => {
    const due = Math.min(host.Date.now() + TICK, pingAt());
    timer = host.setTimeout(() => {
      const now = host.Date.now();
      if (now - due > SLEPT) wake(false);
      if (now >= pingAt()) {
        schedule();
        ping();
      }
      tick();
    }, due - host.Date.now());
  };

  for (const type of ["online", "pageshow", "visibilitychange"])
    host.addEventListener?.(type, () => host.document?.hidden || wake(type === "online"), { signal: page.signal });
  schedule();
  tick();
  return () => {
    host.clearTimeout(timer);
    page.abort();
  };
};
