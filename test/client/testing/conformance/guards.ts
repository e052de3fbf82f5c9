import { channel, defineChannels, guards, type StandardSchema } from "push-it-server/guards";

/** A schema of objects with one field that is a string. */
const withText = (field: string): StandardSchema => ({
  "~standard": {
    version: 1,
    vendor: "conformance",
    validate: (value) =>
      typeof (value as Record<string, unknown> | null)?.[field] === "string"
        ? { value }
        : { issues: [{ message: "must be a string", path: [field] }] },
  },
});

const types = defineChannels({ "typed/*": channel({ message: withText("text"), presence: withText("mood") }) });

/** The credentials of the suite's clients. */
interface Credentials {
  name: string;
  /** A guest has no user. */
  isGuest?: boolean;
  /** For how long the guard vouches for the agent, in milliseconds. */
  lifetime?: number;
  /** A channel that the connection guard subscribes the agent to. */
  subscribe?: string;
  /** Replaces the user at a renewal. */
  becomes?: string;
}

/** The guards of the conformance suite, for the fake and for the local system. */
export default guards(types, {
  onConnectionRequest(agent) {
    const { name, isGuest, lifetime, subscribe, becomes } = agent.credentials as Credentials;
    if (name === "mallory") return agent.connectionDenied("You are banned.");
    if (name === "broken") throw new Error("the password is 12345");
    if (subscribe) agent.subscribe(subscribe);
    agent.connected({
      ...(!isGuest && { userId: becomes ?? name }),
      info: { name },
      ...(lifetime !== undefined && { expiresAt: Date.now() + lifetime }),
    });
  },
  onSubscriptionRequest(channel, agent, token) {
    const [area] = channel.name.split("/");
    if (area === "closed") return agent.subscriptionDenied(channel, "You are not invited.");
    if (area === "broken") throw new Error("the password is 12345");
    if (area === "slow") return undefined;
    if (area === "tokens" && token !== "ticket")
      return agent.subscriptionDenied(channel, `Wrong token: ${String(token)}`);
    if (area === "extra") agent.subscribe("plain/extra");
    return agent.subscribe(channel);
  },
  async onPublicationRequest(channel, agent, message) {
    const { data } = message;
    const [area] = channel.name.split("/");
    if (data === "rude") return agent.publicationDenied(message, "Be nice.");
    if (data === "odd") return agent.publicationDenied(message, "Odd shape.", { code: "bad_data" });
    if (data === "crash") throw new Error("the password is 12345");
    if (area === "upper") {
      channel.publish({ ...message, data: (data as string).toUpperCase() });
      return agent.publicationSuccess(message, { length: (data as string).length });
    }
    if (area === "count") {
      const { messages = [] } = await agent.channel("lists/counted").history({ reverse: true, limit: 1 });
      agent.channel("lists/counted").publish({ data: ((messages[0]?.data as number | undefined) ?? 0) + 1 });
    }
    if (area === "twice") channel.publish({ ...message, data: [data, "again"] });
    if (area !== "swallow") channel.publish(message);
    return agent.publicationSuccess(message);
  },
  onUnsubscriptionRequest(channel, agent) {
    if (channel.name.startsWith("sticky/")) agent.unsubscriptionDenied(channel, "Stay.");
    else agent.unsubscribe(channel);
  },
  channels: {
    "mixed/private": {
      onSubscriptionRequest: (channel, agent) => agent.subscriptionDenied(channel, "Private."),
    },
    "moods/*": {
      onPresenceRequest(channel, agent, state) {
        if ((state as { mood?: string }).mood === "angry") agent.presenceDenied(channel, "Calm down.");
        else agent.presenceSuccess(channel);
      },
    },
    "secret/*": {
      onMessageReceived(channel, agent, message) {
        const { to, text } = message.data as { to: string; text: string };
        if (to === agent.userId || to === "all") agent.deliver(channel, { ...message, data: text });
      },
    },
  },
});
