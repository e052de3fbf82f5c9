import { guards } from "push-it-server/guards";

export default guards({
  onPublicationRequest(channel, agent, message) {
    if (channel.name !== "announcements") {
      channel.publish(message);
      agent.publicationSuccess(message);
    } else {
      agent.publicationDenied(message, "Announcements come from the editors only.");
    }
  },
});
