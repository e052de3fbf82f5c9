import type { Message } from "../../protocol/index.js";
import { audience } from "./channels.js";
import type { Store, Subscriber } from "./ports.js";

/** A message that a guard permitted, on its way to the subscribers. */
export interface Publication {
  message: Message;
  /** The channel whose subscribers get it, where that is not the message's own: a user's. */
  to?: string;
  /** A connection that is spared: the publisher's, which asked not to hear itself. */
  except?: string;
  /** Where it stands among its channel's publications, where those are numbered. Guards do not see it. */
  offset?: number;
}

/** Who receives what: each subscriber once, with its messages in the order of publication. */
export type Recipients = Map<Subscriber, Publication[]>;

/**
 * Reads whose turn it is to receive what.
 * @param wildcards patterns at or below which wildcard subscriptions are enabled
 */
export const recipientsOf = async (
  store: Pick<Store, "subscribers">,
  wildcards: readonly string[],
  publications: readonly Publication[],
): Promise<Recipients> => {
  const addressOf = ({ message, to = message.channel }: Publication): string => to;
  const channels = [...new Set(publications.map(addressOf))];
  const found = new Map(
    await Promise.all(
      channels.map(async (channel) => [channel, await store.subscribers(audience(channel, wildcards))] as const),
    ),
  );
  const recipients = new Map<string, { subscriber: Subscriber; messages: Publication[] }>();
  for (const publication of publications) {
    for (const subscriber of found.get(addressOf(publication)) ?? []) {
      const { connectionId } = subscriber;
      if (connectionId === publication.except) continue;
      const recipient = recipients.get(connectionId);
      if (recipient) recipient.messages.push(publication);
      else recipients.set(connectionId, { subscriber, messages: [publication] });
    }
  }
  return new Map([...recipients.values()].map(({ subscriber, messages }) => [subscriber, messages]));
};
