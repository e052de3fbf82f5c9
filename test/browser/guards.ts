import { guards } from "push-it-server/guards";

/** Denies what the browser tests want to see denied, each with a reason of its own. */
export default guards<{ token?: string } | undefined>({
  onConnectionRequest(agent) {
    if (agent.credentials?.token === "expired") agent.connectionDenied("This token has expired: sign in again.");
    else agent.connected();
  },
  channels: {
    "drafts/*": {
      onSubscriptionRequest(channel, agent) {
        agent.subscriptionDenied(channel, "Only editors may read drafts.");
      },
      onPublicationRequest(_channel, agent, message) {
        agent.publicationDenied(message, "Only editors may publish drafts.");
      },
    },
    "receipts/*": {
      onPublicationRequest(channel, agent, message) {
        channel.publish(message);
        agent.publicationSuccess(message, { receipt: 7 });
      },
    },
    "held/*": {
      onUnsubscriptionRequest(channel, agent) {
        agent.unsubscriptionDenied(channel, "You are on duty until six.");
      },
    },
    "teams/*": {
      onSubscriptionRequest(channel, agent) {
        agent.subscribe("announcements");
        agent.subscribe(channel);
      },
    },
    "crash/*": {
      onPublicationRequest() {
        process.exit(1);
      },
    },
  },
});
