import type { Message } from "../../protocol/index.js";
import type { Settings } from "../settings.js";
import { type ChannelSettings, channelSettings } from "../../protocol/channel-settings.js";
import type { Publication } from "../delivery/recipients.js";

/** A message that says where it stands among its channel's publications. */
export type Numbered = Message & { offset: number };

/** The last message of each channel that keeps it. */
export interface Latest {
  /**
   * Keeps the last of `count` publications on its channel.
   * @returns its offset; those before it have the offsets before. Larger than any that the channel has had
   */
  keep(last: Message, count: number): Promise<number>;
  /** The last messages of those channels that have one, by channel. Strongly consistent. */
  read(channels: readonly string[]): Promise<Map<string, Numbered>>;
}

/** The ports for numbering publications. */
export interface NumberingDependencies {
  latest: Pick<Latest, "keep">;
  settings: Pick<Settings, "channels">;
}

/** As wide as the time in milliseconds, which has 13 digits until the year 2286. Offsets begin with it. */
const WIDEST_TIME = 9_999_999_999_999;

/** As wide as an epoch is. */
const WIDEST_EPOCH = "x".repeat(24);

/** A message with all that it will have when it is delivered, for measuring it before it has that. */
export const worstCaseMessage = (message: Message, { latest, history }: ChannelSettings): Message => {
  const accepted = { ...message, at: WIDEST_TIME };
  if (history) return { ...accepted, offset: WIDEST_TIME, epoch: WIDEST_EPOCH };
  return latest ? { ...accepted, offset: WIDEST_TIME } : accepted;
};

/** Whether a channel's last message is kept here: one with history has it there. */
export const keepsLatest = ({ latest, history }: ChannelSettings): boolean => latest === true && !history;

/**
 * Stores the latest message of each channel with `latest`, and numbers the publications of these channels. This comes
 * before subscribers are read: a client that subscribes too late to be among them finds the message stored.
 * @returns all publications, in the same order
 */
export const numberPublications = async (
  { latest, settings }: NumberingDependencies,
  publications: readonly Publication[],
): Promise<readonly Publication[]> => {
  const byChannel = new Map<string, Publication[]>();
  for (const publication of publications) {
    const { channel } = publication.message;
    if (!publication.ephemeral && keepsLatest(channelSettings(settings.channels, channel)))
      byChannel.set(channel, [...(byChannel.get(channel) ?? []), publication]);
  }
  if (byChannel.size === 0) return publications;
  const offsets = new Map<Publication, number>();
  const number = async (own: readonly Publication[]): Promise<void> => {
    const last = own.at(-1);
    if (!last) return;
    const end = await latest.keep(last.message, own.length);
    own.forEach((publication, at) => offsets.set(publication, end - own.length + 1 + at));
  };
  await Promise.all([...byChannel.values()].map(number));
  return publications.map((publication) => {
    const offset = offsets.get(publication);
    return offset === undefined ? publication : { ...publication, offset };
  });
};
