import { hasHistory, matchesSubscription, MAX_REPEATED_LENGTH } from "../channels.js";
import type { Publication } from "../publication.js";

/** Whether one of some subscriptions receives the messages of a channel. */
export const hasSubscriber = (subscriptions: Iterable<string>, channel: string): boolean => {
  for (const subscription of subscriptions) if (matchesSubscription(subscription, channel)) return true;
  return false;
};

/** A channel's name as answers repeat it. */
export const truncateName = (channel: string): string => channel.slice(0, MAX_REPEATED_LENGTH);

/** The meta channel of an action. */
export const metaChannel = (action: string): string =>
  action === "heartbeat" ? "/meta/ping" : action === "state" ? "/meta/presence" : `/meta/${action}`;

/** A message in the form of answers about a history. */
export const toHistoryMessage = ({ n, uuid, offset }: Publication): object => ({ uuid, data: { n }, offset });

/** A message as it is posted. */
export const toMessage = ({ n, channel, uuid, epoch, offset }: Publication): object => ({
  channel,
  uuid,
  data: { n },
  ...(offset !== undefined && { offset }),
  ...(hasHistory(channel) && { epoch }),
});
