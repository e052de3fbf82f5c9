// Guards that permit everything but one thing, and return on one channel the credentials of the publisher.
import { guards } from "push-it-server/guards";

interface Who {
  userId?: string;
  denied?: boolean;
}

export default guards<Who | undefined>({
  onConnectionRequest(agent) {
    const { userId, denied } = agent.credentials ?? {};
    if (denied) return agent.connectionDenied("You said so.");
    agent.connected(userId === undefined ? {} : { userId });
  },
  onPublicationRequest(channel, agent, message) {
    channel.publish(message);
    agent.publicationSuccess(
      message,
      channel.name === "whoami" ? { credentials: agent.credentials !== undefined } : undefined,
    );
  },
});
