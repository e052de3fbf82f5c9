import { Meta, type Message } from "./frames.js";
import type { Json } from "./json.js";
import type { PresenceEventData } from "./presence.js";

/**
 * The message about which the recipients' guards decide. About a member's state they decide as about a message on its
 * channel. `undefined`: the subscription guard has decided already about joins, leaves and deletions.
 */
export const subjectOf = (message: Message): Message | undefined => {
  if (message.channel === Meta.history) return undefined;
  if (message.channel !== Meta.presence) return message;
  const { channel, changed } = message.data as unknown as PresenceEventData;
  return changed?.state === undefined ? undefined : { channel, uuid: message.uuid, data: changed.state };
};

/** A message with its subject as the recipient's guard permits it. */
export const withSubject = (message: Message, permitted: Message): Message => {
  if (message.channel !== Meta.presence) return permitted;
  const event = message.data as unknown as PresenceEventData;
  const changed = { ...event.changed!, state: permitted.data };
  return { ...message, data: { ...event, changed } as unknown as Json };
};
