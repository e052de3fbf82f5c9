import { guards } from "push-it-server/guards";
import * as policy from "./policy.js";

/** The credentials that the connection guard keeps. */
interface Known {
  name: string;
}

const fieldsOf = (credentials: unknown): { pass?: unknown; name?: unknown; for?: unknown } =>
  typeof credentials === "object" && credentials !== null ? credentials : {};

/** Throws, or never answers, if the policy says so. */
const misbehave = async (ruling: policy.GuardDecision): Promise<void> => {
  if (ruling === "throw") throw new Error(`${policy.INTERNAL}: process.env has ${policy.SECRET.length} secrets`);
  if (ruling === "silent") await new Promise(() => undefined);
};

/** The guards of the fuzzed system. They implement policy.ts. */
export default guards<Known>({
  onConnectionRequest(agent) {
    const { pass, name, for: time } = fieldsOf(agent.credentials);
    if (pass === policy.CRASHING_CREDENTIALS) throw new Error(policy.INTERNAL);
    if (pass !== policy.PASSWORD) return agent.connectionDenied(policy.REASON);
    // A renewal keeps the name. Names that are too long for `info` belong to agents that do nothing.
    const called = agent.isConnected ? agent.info : name;
    const known = typeof called === "string" ? called : "nobody";
    const info = policy.infoOf(known);
    const vouched =
      typeof time === "string" && Object.hasOwn(policy.RENEWAL_MS, time) ? policy.RENEWAL_MS[time] : undefined;
    agent.credentials = { name: known };
    if (!agent.isConnected && name === policy.GREETED_AGENT) agent.subscribe(policy.GREETINGS_CHANNEL);
    const userId = policy.userOf(known);
    agent.connected({
      info,
      ...(userId !== undefined && { userId }),
      ...(vouched === undefined ? {} : { expiresAt: Date.now() + vouched }),
    });
  },
  async onSubscriptionRequest(channel, agent, token) {
    const ruling = policy.lacksToken(channel.name, token) ? "deny" : policy.decisionOn("subscribe", channel.name);
    for (const staged of policy.stagedSubscriptions(channel.name)) agent.subscribe(staged);
    await misbehave(ruling);
    if (ruling === "deny") agent.subscriptionDenied(channel, policy.REASON);
    else agent.subscribe(channel);
  },
  async onUnsubscriptionRequest(channel, agent) {
    const ruling = policy.decisionOn("unsubscribe", channel.name);
    await misbehave(ruling);
    if (ruling === "deny") agent.unsubscriptionDenied(channel, policy.REASON);
    else agent.unsubscribe(channel);
  },
  async onPublicationRequest(channel, agent, message) {
    const ruling = policy.decisionOn("publish", channel.name);
    for (const name of policy.targetChannels(channel.name))
      agent.channel(name).publish(message, { ephemeral: message.ephemeral === true });
    await misbehave(ruling);
    if (ruling === "deny") return agent.publicationDenied(message, policy.REASON);
    agent.publicationSuccess(message, channel.name.startsWith("log/") ? policy.RESULT : undefined);
  },
  channels: {
    "shout/*": {
      onMessageReceived(channel, agent, message) {
        if (agent.credentials.name === policy.MUTED_AGENT) return Promise.resolve();
        const { name } = agent.credentials;
        const forged = name === policy.FORGING_AGENT ? { from: { connection: "forged", info: "forged" } } : {};
        const hidden = name === policy.HIDING_AGENT ? { from: undefined } : {};
        agent.deliver(channel, { ...message, ...forged, ...hidden, data: { to: name, received: message.data } });
        return Promise.resolve();
      },
    },
    "moods/*": {
      onPresenceRequest(channel, agent, state) {
        if (state === policy.CRASHING_STATE) throw new Error(policy.INTERNAL);
        if (state === policy.DENIED_STATE) agent.presenceDenied(channel, policy.REASON);
        else agent.presenceSuccess(channel);
      },
    },
    [policy.LOCKED_PATTERN]: {
      onSubscriptionRequest: (channel, agent) => agent.subscriptionDenied(channel, policy.REASON),
      onPublicationRequest: (_channel, agent, message) => agent.publicationDenied(message, policy.REASON),
    },
    [policy.PRIVATE_CHANNEL]: {
      onSubscriptionRequest: (channel, agent) => agent.subscriptionDenied(channel, policy.REASON),
    },
  },
});
