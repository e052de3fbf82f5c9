/** Most of an agent: as many as the test makes. */
export const SUBSCRIPTIONS = 16;

/** A channel whose guard reads two other histories: one with an offset to seal, and a new one. */
export const READING = {
  channel: "rooms/reading",
  history: "history/read-by-guard",
  fresh: "history/fresh",
  state: "history/read-by-state",
  freshState: "history/fresh-state",
};

/** The line that a module's `onDisconnect` logs. */
export const LEFT = "has left:";

/**
 * All guards.
 * @param first what each of them does before it decides
 */
const handlers = (first: string): string => `{
  async onConnectionRequest(agent) {
    ${first}
    if (agent.credentials === "nobody") return agent.connectionDenied("Not you.");
    if (agent.credentials === "greedy") for (let at = 0; at < ${SUBSCRIPTIONS}; at += 1) agent.subscribe("greed/" + at);
    agent.subscribe("greetings");
    agent.subscribe("rooms/" + Math.random());
    agent.connected();
  },
  async onSubscriptionRequest(channel, agent) { ${first} agent.subscribe(channel); },
  async onUnsubscriptionRequest(channel, agent) { ${first} agent.unsubscribe(channel); },
  async onPublicationRequest(channel, agent, message) {
    ${first}
    if (message.data === "move") agent.subscribe("rooms/" + Math.random());
    channel.publish(message);
    agent.publicationSuccess(message);
  },
  async onPresenceRequest(channel, agent) { ${first} agent.presenceSuccess(channel); },
  async onMessageReceived(channel, agent, message) { ${first} agent.deliver(channel, message); },
  async onDisconnect(agent) { ${first} console.warn("${LEFT} " + agent.connection.id); },
`;

/** Guards in a function of their own, which every function that asks any of them has to be allowed to invoke. */
export const FUNCTION = `
  import { guardHandler } from "push-it-server/guards";
  export const handler = guardHandler(${handlers("")}});
`;

/** Guards in a module, which run in the functions themselves. */
export const MODULE = `export default ${handlers("")}};`;

/** The same guards, each with secrets, and a guard that reads a history before it decides. */
export const moduleWith = (secrets: readonly string[]): string => `
  import { secret } from "push-it-server/guards";
  export default ${handlers(secrets.map((name) => `await secret("${name}");`).join(" "))}
    channels: {
      "${READING.channel}": {
        async onSubscriptionRequest(channel, agent) {
          await agent.channel("${READING.history}").history({ since: { epoch: "e1", offset: 0 } });
          await agent.channel("${READING.fresh}").history();
          agent.subscribe(channel);
        },
        async onPresenceRequest(channel, agent) {
          await agent.channel("${READING.state}").history({ since: { epoch: "e1", offset: 0 } });
          await agent.channel("${READING.freshState}").history();
          agent.presenceSuccess(channel);
        },
      },
    },
  };
`;
