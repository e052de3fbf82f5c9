/** Most of an agent: as many as the test makes. */
export const SUBSCRIPTIONS = 16;

/** Guards in a function of their own, which every function that asks any of them has to be allowed to invoke. */
export const GUARDS = `
  import { guardHandler } from "push-it-aws/guards";
  export const handler = guardHandler({
    onConnectionRequest(agent) {
      if (agent.credentials === "nobody") agent.connectionDenied("Not you.");
      else {
        if (agent.credentials === "greedy") for (let at = 0; at < ${SUBSCRIPTIONS}; at += 1) agent.subscribe("greed/" + at);
        agent.subscribe("greetings");
        agent.subscribe("rooms/" + Math.random());
        agent.connected();
      }
    },
    onSubscriptionRequest(channel, agent) { agent.subscribe(channel); },
    onUnsubscriptionRequest(channel, agent) { agent.unsubscribe(channel); },
    onPublicationRequest(channel, agent, message) {
      if (message.data === "move") agent.subscribe("rooms/" + Math.random());
      channel.publish(message);
      agent.publicationSuccess(message);
    },
    onMessageReceived(channel, agent, message) { agent.deliver(channel, message); },
    onDisconnect() {},
  });
`;
