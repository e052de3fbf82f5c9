import { guards } from "push-it-server/guards";
import { channels } from "../src/channels.js";

const NAME = /^[\p{L}\p{N} .-]{1,20}$/u;

export default guards(channels, {
  // Replace this by your sign-in: check a token here, and take the user from it.
  onConnectionRequest(agent) {
    const { name } = (agent.credentials ?? {}) as { name?: unknown };
    if (typeof name !== "string" || !NAME.test(name))
      return agent.connectionDenied("Choose a name of 1 to 20 letters, digits and spaces.");
    agent.connected({ userId: name.trim() });
  },

  channels: {
    "rooms/staff": {
      onSubscriptionRequest(channel, agent) {
        agent.subscriptionDenied(channel, "This room is for staff. Ask an administrator to let you in.");
      },
      onPublicationRequest(_channel, agent, message) {
        agent.publicationDenied(message, "This room is for staff.");
      },
    },
  },
});
