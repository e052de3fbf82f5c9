import type { Message, RequestedMessage } from "../../protocol/index.js";
import {
  type AgentData,
  CONTRACT_VERSION,
  type DeliveryData,
  type GuardRequest,
  type GuardResponse,
  type PublicationData,
} from "./contract.js";
import { isEphemeralByDefault } from "./guard-context.js";
import type { Decision } from "./messages.js";

/** The response for a decision about a request; `undefined` if the guard has no verdict. */
export const responseOf = (
  { guard, channel = "", agent, message }: GuardRequest,
  decision: Decision,
): GuardResponse | undefined => {
  const version = CONTRACT_VERSION;
  if (!decision.permitted) {
    const reason = decision.reason === "" ? {} : { reason: decision.reason };
    const code = decision.code ? { code: decision.code } : {};
    switch (guard) {
      case "onConnectionRequest":
        return { version, verdict: "connectionDenied", ...reason };
      case "onSubscriptionRequest":
        return { version, verdict: "subscriptionDenied", channel, ...reason };
      case "onPublicationRequest":
        return { version, verdict: "publicationDenied", channel, ...reason, ...code };
      case "onUnsubscriptionRequest":
        return { version, verdict: "unsubscriptionDenied", channel, ...reason };
      case "onPresenceRequest":
        return { version, verdict: "presenceDenied", channel, ...reason, ...code };
      case "onMessageReceived":
      case "onDisconnect":
        return undefined;
    }
  }
  const { permitted: _permitted, subscribe: channels, publish, ...more } = decision;
  const others = channels.filter((name) => guard !== "onSubscriptionRequest" || name !== channel);
  const subscribe = others.length === 0 ? {} : { subscribe: others };
  switch (guard) {
    case "onConnectionRequest": {
      // Without this field, the client's credentials would be stored.
      const credentials =
        more.credentials === undefined && agent?.credentials !== undefined ? { credentials: null } : {};
      return { version, verdict: "connected", ...more, ...credentials, ...subscribe };
    }
    case "onSubscriptionRequest":
      return { version, verdict: "subscribe", channel, ...subscribe };
    case "onPublicationRequest":
      return {
        version,
        verdict: "publicationSuccess",
        channel,
        publish: publish.map((each) => entryOf(each, message)),
        ...more,
        ...subscribe,
      };
    case "onUnsubscriptionRequest":
      return { version, verdict: "unsubscribe", channel };
    case "onPresenceRequest":
      return { version, verdict: "presenceSuccess", channel };
    case "onMessageReceived":
    case "onDisconnect":
      return undefined;
  }
};

/** An entry of `publish`. Fields that say what is so without them are left out. */
const entryOf = (
  { channel, data, uuid, ephemeral }: RequestedMessage,
  asked: RequestedMessage | undefined,
): PublicationData => ({
  channel,
  data,
  ...(uuid === asked?.uuid ? {} : { uuid }),
  ...((ephemeral ?? false) === isEphemeralByDefault(asked, channel) ? {} : { ephemeral: ephemeral ?? false }),
});

/** The delivery to one recipient. Fields that say that nothing changed are left out. */
export const deliveryOf = (
  agent: AgentData,
  { data, from }: Message,
  delivered: Message | undefined,
): DeliveryData[] => {
  if (!delivered) return [];
  const changed = JSON.stringify(delivered.data) !== JSON.stringify(data);
  const removed = from !== undefined && delivered.from === undefined;
  return [{ agent: agent.uuid, ...(changed && { data: delivered.data }), ...(removed && { from: false }) }];
};
