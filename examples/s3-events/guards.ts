import { guards } from "push-it-server/guards";

/** Every client may subscribe. Only the rule publishes, and its publications do not pass through a guard. */
export default guards({
  onPublicationRequest(_channel, agent, message) {
    agent.publicationDenied(message, "Only uploads are published here.");
  },
});
