import { guards, secret } from "push-it-server/guards";
import { channels } from "../lib/channels";
import { userOf } from "../lib/token";

export default guards(channels, {
  async onConnectionRequest(agent) {
    const { token } = (agent.credentials ?? {}) as { token?: unknown };
    const userId = userOf(token, await secret("SIGNING_KEY"));
    if (userId === undefined) return agent.connectionDenied("Please sign in again.");
    agent.credentials = null;
    agent.connected({ userId });
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
