import type { Message } from "../../protocol/index.js";
import type { Settings } from "../settings.js";
import { channelSettings, someChannel } from "../../protocol/channel-settings.js";
import type { LingerLog } from "./linger.js";
import type { Clock } from "../ports.js";
import type { Counted, RateLimiter } from "../requests/rate-limiter.js";

/** The ports that limiting waiting flushers for one agent uses. */
export interface LingerRateDependencies {
  lingering: Pick<LingerLog, "heldUntil">;
  /** Milliseconds for which an agent may let functions wait. */
  lingeringRate: Pick<RateLimiter, "left" | "charge">;
  settings: Pick<Settings, "channels">;
  clock: Pick<Clock, "now">;
}

/**
 * Decides which of an agent's publications are allowed now. Each channel that lingers and has no flusher yet would
 * start one more function that waits until its window ends. The leases are read only if the limit could be exceeded.
 * @param wanted the messages of each publication
 * @returns for each publication whether it is allowed; the rate is charged later, when a flusher starts
 */
export const admitLingering = async (
  { lingering, lingeringRate, settings, clock }: LingerRateDependencies,
  agent: Counted,
  wanted: readonly (readonly Message[])[],
): Promise<boolean[]> => {
  const { channels } = settings;
  if (!someChannel(channels, ({ lingerMs }) => lingerMs)) return wanted.map(() => true);
  const windows = new Map<string, number>();
  for (const { channel } of wanted.flat()) {
    const { lingerMs } = channelSettings(channels, channel);
    if (lingerMs !== undefined) windows.set(channel, lingerMs);
  }
  let left = lingeringRate.left(agent);
  const total = [...windows.values()].reduce((sum, lingerMs) => sum + lingerMs, 0);
  if (total <= left) return wanted.map(() => true);
  const refused = new Set<string>();
  for (const [channel, lingerMs] of windows) {
    if (((await lingering.heldUntil(channel)) ?? 0) > clock.now()) continue;
    if (lingerMs > left) refused.add(channel);
    else left -= lingerMs;
  }
  return wanted.map((messages) => !messages.some(({ channel }) => refused.has(channel)));
};

/** Charges an agent's rate for the flusher that its publication started. */
export const chargeLingering = (
  { lingeringRate, settings }: Pick<LingerRateDependencies, "lingeringRate" | "settings">,
  agent: Counted,
  channel: string,
): void => lingeringRate.charge(agent, channelSettings(settings.channels, channel).lingerMs ?? 0);
