import { isWildcard } from "../../../protocol/index.js";
import { count, duration } from "./format.js";
import type { ChannelRecovery, RecoveryReport } from "./recovery.js";

/** The page's text about a lost connection. */
export interface RecoveryWords {
  tone: "good" | "warn";
  title: string;
  /** One line for each channel with news. */
  lines: { channel: string; text: string }[];
}

/** The loss and the recovery as text. */
export const recoveryWords = (report: RecoveryReport): RecoveryWords => {
  const { lostAt, backAt, channels } = report;
  if (backAt === undefined) return { tone: "warn", title: "The connection is lost.", lines: [] };
  const back = `Reconnected after ${duration(backAt - lostAt)}`;
  const lines = channels.flatMap((each) => {
    const text = channelWords(each);
    return text ? [{ channel: each.channel, text }] : [];
  });
  const waits = channels.some(({ status }) => status === "away" || status === "recovering");
  const lost = channels.filter(({ status }) => status === "missed");
  const failed =
    channels.some(({ status }) => status === "incomplete") || (lost.length > 0 && lost.length === channels.length);
  return { tone: failed ? "warn" : "good", title: `${back}${outcome(channels, waits)}`, lines };
};

/** Of channels that keep a history, all together. */
const outcome = (channels: readonly ChannelRecovery[], waits: boolean): string => {
  const kept = channels.filter(({ status }) => status !== "missed");
  const recovered = kept.reduce((sum, each) => sum + each.count, 0);
  if (recovered > 0)
    return `: ${count(recovered)} missed message${recovered === 1 ? "" : "s"} recovered${waits ? " so far …" : "."}`;
  if (waits) return ", subscribing again …";
  return kept.some(({ status }) => status === "recovered") ? ": nothing was missed." : ".";
};

const channelWords = ({ channel, status, first, last, code }: ChannelRecovery): string => {
  if (status === "missed")
    return isWildcard(channel)
      ? "recovers nothing: it is a wildcard"
      : "keeps no history: what came meanwhile is missed";
  if (status === "incomplete") return `not everything can be had any more (${code ?? "unknown"})`;
  if (first === undefined) return "";
  return first === last ? `#${first}` : `#${first} to #${last}`;
};
