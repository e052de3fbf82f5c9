import { SUBPROTOCOL } from "../protocol/version.js";
import type { Socket } from "./host.js";
import { CONNECTION_LIFETIME, TIMEOUT } from "./options.js";
import type { Core } from "./parts.js";

/** How often to look whether the old connection is still needed, in milliseconds. */
const LOOK = 1_000;

/** When to begin at the latest, how long before that at most, and how long to wait before the next attempt, up to twice: in lives. */
const LATEST = 0.99;
const SPREAD = 0.04;
const AGAIN = 1 / 300;

/**
 * Opens the next connection beside the one in use before that is cut, moves the subscriptions, and closes the old one.
 * Until then both are heard; what comes twice is told once.
 *
 * The moment is random, between 95 and 99 % of the connection's life: for 2 hours that is between 6 minutes and 72
 * seconds before its end. How evenly it has to be spread follows from API Gateway's quota of 500 new connections a
 * second. A fleet was itself connected at that rate or slower, and a moment that is independent of the other clients'
 * smooths a rate and never sharpens it: so any spread does that is wider than what clients have in common (a timer's
 * tick, a deployment's restart), and a narrow one costs the least. For a fleet as large as the quota can carry at all,
 * 500/s × 7,200 s = 3.6 million, lives that are 3 % shorter on average mean 3 % more connections: 3.49 million are
 * replaced at 500 a second. Whoever is refused above that keeps its old connection and tries again, and at worst is cut
 * and recovers as after any loss.
 */
export const handOver = (core: Core): void => {
  const { host, connectionLifetime = CONNECTION_LIFETIME, timeout = TIMEOUT, url, _live, _lost, _opened } = core;
  let timer: unknown;

  const plan = (wait: number): void => {
    host.clearTimeout(timer);
    timer = host.setTimeout(begin, wait);
  };

  const begin = async (): Promise<void> => {
    const { WebSocket = host.WebSocket! } = core;
    const old = core._socket!;
    /** Whether the connection in use is still the one that is to be replaced. */
    const current = (): unknown => core._ready && core._socket === old;
    // Once more, unless this attempt succeeds.
    plan(connectionLifetime * (1 + host.Math.random()) * AGAIN);
    try {
      const protocols = await core._offer();
      if (!protocols || !current()) return;
      const next = new WebSocket(url, protocols);
      // Some classes throw where nobody listens.
      next.onerror = () => {};
      next.onopen = () => {
        if (next.protocol === SUBPROTOCOL && current()) replace(old, next);
        else next.close();
      };
    } catch {
      // Credentials that fail, or no socket: as above.
    }
  };

  const replace = (old: Socket, next: Socket): void => {
    const asked = [...core._open];
    const until = host.Date.now() + timeout;
    const look = (): void => {
      // The new one may be lost by now, and a third one not there yet.
      if (!core._ready) return old.close();
      // The answer promises those subscriptions, too, that the connection guard made.
      core._ask("ping", () => {
        const needed = asked.some((request) => core._open.has(request)) || [..._live.values()].includes(old);
        if (needed && host.Date.now() < until) host.setTimeout(look, LOOK);
        else old.close();
      });
    };
    // What has not moved by then misses messages.
    old.onclose = () => {
      for (const [channel, socket] of _live) if (socket === old) _live.delete(channel);
    };
    core._listen(next);
    (next.onopen as () => void)();
    look();
  };

  core._opened = () => {
    plan(connectionLifetime * (LATEST - host.Math.random() * SPREAD));
    _opened();
  };
  core._lost = () => {
    host.clearTimeout(timer);
    _lost();
  };
};
