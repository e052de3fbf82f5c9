import type { Settings } from "../settings.js";
import { channelSettings } from "../../protocol/channel-settings.js";
import type { Clock } from "../ports.js";
import { type Counted, RateLimiter } from "../requests/rate-limiter.js";
import { PRESENCE_CHANGE, subscriptionChanges } from "../requests/request-rates.js";

/** Counts the channels that each agent subscribes to, or the channels that it unsubscribes from. */
export class SubscriptionRateLimiter {
  readonly #rate: RateLimiter;
  readonly #channels: Settings["channels"];

  constructor({ settings, clock }: { settings: Pick<Settings, "channels" | "limits">; clock: Pick<Clock, "now"> }) {
    this.#rate = new RateLimiter(subscriptionChanges(settings.limits), clock, settings.limits.ratesPerUser);
    this.#channels = settings.channels;
  }

  /**
   * Counts one channel.
   * @returns whether the agent may change its subscription now; if not, it is not counted
   */
  allows(agent: Counted, channel: string): boolean {
    return this.#rate.spend(agent, channelSettings(this.#channels, channel).presence ? PRESENCE_CHANGE : 1);
  }
}
