import { guards } from "push-it-server/guards";

/** Whoever connects may look; nobody but the rule publishes, and no guard is asked about that. */
export default guards({
  onPublicationRequest(_channel, agent, message) {
    agent.publicationDenied(message, "Only uploads are published here.");
  },
});
