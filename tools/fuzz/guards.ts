import { guards } from "push-it-server/guards";
import * as policy from "./policy.js";

/** The credentials that the connection guard keeps. */
interface Known {
  name: string;
}

const fieldsOf = (credentials: unknown): { pass?: unknown; name?: unknown; for?: unknown } =>
  typeof credentials === "object" && credentials !== null ? credentials : {};

/** Number of characters that always fit `info` as JSON. */
const INFO_CHARACTERS = 40;

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
    const info = known.slice(0, INFO_CHARACTERS);
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
  async onSubscriptionRequest(channel, agent) {
    const ruling = policy.decisionOn("subscribe", channel.name);
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
        agent.deliver(channel, { ...message, data: { to: agent.credentials.name, received: message.data } });
        return Promise.resolve();
      },
    },
    [policy.PRIVATE_CHANNEL]: {
      onSubscriptionRequest: (channel, agent) => agent.subscriptionDenied(channel, policy.REASON),
    },
  },
});
