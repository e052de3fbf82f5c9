import { guards } from "push-it-server/guards";
import * as policy from "./policy.js";

/** How long what is slow takes, in milliseconds: within the guards' time, however busy the machine is. */
const SLOW_MS = 700;

/** Shares of the subscriptions to slow channels whose guard is slow, and whose guard dies. */
const SLOW = 0.3;
const DEAD = 0.1;

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Is slow, or is not there to decide. */
const misbehave = async (doing: policy.GuardBehavior | undefined): Promise<void> => {
  if (doing === "slow") await pause(SLOW_MS);
  if (doing === "throw") throw new Error("as the message wants it");
  if (doing === "exit") process.exit(1);
  if (doing === "hang") await new Promise(() => undefined);
};

/** The guards of a chaos run: they do what policy.ts says. */
export default guards<policy.Credentials>({
  onConnectionRequest(agent) {
    const { name, listenerGroup } = agent.credentials;
    agent.connected({ info: { name, listenerGroup } });
  },
  onSubscriptionRequest(channel, agent) {
    if (policy.maySubscribe(channel.name, agent.credentials)) agent.subscribe(channel);
    else agent.subscriptionDenied(channel, "not an insider");
  },
  async onPublicationRequest(channel, agent, message) {
    const data = message.data as policy.Payload;
    // Before it misbehaves: what is staged without a verdict must not happen.
    for (const name of policy.targetChannels(channel.name)) agent.channel(name).publish(message);
    await misbehave(data.do);
    if (policy.isPermitted(data)) agent.publicationSuccess(message);
    else agent.publicationDenied(message, "as the message wants it");
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
        // Which of them is no matter of the seed: it is decided in a process that has none.
        const chance = Math.random();
        if (chance < DEAD) throw new Error("dead at a subscription");
        if (chance < SLOW) await pause(SLOW_MS);
        agent.subscribe(channel);
      },
    },
  },
});
