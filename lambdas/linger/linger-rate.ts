import type { Message } from "../../protocol/index.js";
import type { Settings } from "../settings.js";
import { channelSettings, someChannel } from "../../protocol/channel-settings.js";
import type { LingerLog } from "./linger.js";
import type { Clock } from "../ports.js";
import type { Counted, RateLimiter } from "../requests/rate-limiter.js";

/** What bounding the functions that wait for one agent needs. */
export interface LingerRateDependencies {
  lingering: Pick<LingerLog, "heldUntil">;
  /** Milliseconds for which an agent may have functions wait. */
  lingeringRate: Pick<RateLimiter, "left" | "charge">;
  settings: Pick<Settings, "channels">;
  clock: Pick<Clock, "now">;
}

/**
 * Which of an agent's publications may be made now: each channel that lingers and has no flusher yet would have one more
 * function wait until its window is over. Whether there is a flusher is only read where that matters.
 * @param wanted the messages of each publication
 * @returns for each publication whether it may be made; nothing is counted before a flusher has been started
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
  const all = [...windows.values()].reduce((sum, lingerMs) => sum + lingerMs, 0);
  if (all <= left) return wanted.map(() => true);
  const refused = new Set<string>();
  for (const [channel, lingerMs] of windows) {
    if (((await lingering.heldUntil(channel)) ?? 0) > clock.now()) continue;
    if (lingerMs > left) refused.add(channel);
    else left -= lingerMs;
  }
  return wanted.map((messages) => !messages.some(({ channel }) => refused.has(channel)));
};

/** Counts that a flusher was started for a channel because of an agent's publication. */
export const chargeLingering = (
  { lingeringRate, settings }: Pick<LingerRateDependencies, "lingeringRate" | "settings">,
  agent: Counted,
  channel: string,
): void => lingeringRate.charge(agent, channelSettings(settings.channels, channel).lingerMs ?? 0);
