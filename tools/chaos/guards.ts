import { guards } from "push-it-server/guards";
import * as policy from "./policy.js";

/** Delay of slow guards, in milliseconds. It stays within the guard timeout, even on a busy machine. */
const SLOW_MS = 700;

/** Share of the subscriptions to slow channels whose guard is slow, and the share with a guard that throws. */
const SLOW = 0.3;
const DEAD = 0.1;

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Delays, throws, exits or hangs. */
const misbehave = async (doing: policy.GuardBehavior | undefined): Promise<void> => {
  if (doing === "slow") await pause(SLOW_MS);
  if (doing === "throw") throw new Error("as the message wants it");
  if (doing === "exit") process.exit(1);
  if (doing === "hang") await new Promise(() => undefined);
};

/** The guards of a chaos run. They implement policy.ts. */
export default guards<policy.Credentials>({
  onConnectionRequest(agent) {
    const { name, user, listenerGroup } = agent.credentials;
    agent.connected({ userId: user, info: { name, listenerGroup } });
  },
  onSubscriptionRequest(channel, agent, token) {
    const hasToken = token === policy.tokenFor(channel.name, agent.credentials);
    if (hasToken && policy.maySubscribe(channel.name, agent.credentials)) agent.subscribe(channel);
    else agent.subscriptionDenied(channel, "not an insider");
  },
  async onPublicationRequest(channel, agent, message) {
    const data = message.data as policy.Payload;
    // Published before the guard misbehaves: publications without a verdict must be dropped.
    for (const name of policy.targetChannels(channel.name)) agent.channel(name).publish(message);
    await misbehave(data.do);
    if (policy.isPermitted(data)) agent.publicationSuccess(message);
    else agent.publicationDenied(message, "as the message wants it");
  },
  async onPresenceRequest(channel, agent, state) {
    const { do: doing } = state as unknown as policy.MemberState;
    await misbehave(doing);
    if (policy.isPermitted({ do: doing })) agent.presenceSuccess(channel);
    else agent.presenceDenied(channel, "as the state wants it");
  },
  channels: {
    [policy.DELIVERY_GUARDED]: {
      onMessageReceived(channel, agent, message) {
        if (policy.mayReceive(channel.name, message.data as policy.Payload, agent.credentials))
          agent.deliver(channel, message);
      },
    },
    [policy.SLOWLY_GUARDED]: {
      async onSubscriptionRequest(channel, agent) {
        // Not seeded: guards run in a process that does not know the seed.
        const chance = Math.random();
        if (chance < DEAD) throw new Error("dead at a subscription");
        if (chance < SLOW) await pause(SLOW_MS);
        agent.subscribe(channel);
      },
    },
  },
});
