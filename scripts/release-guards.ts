// The guards of the app that a release keeps: they permit everything, and take over who the client says it is. Only a
// client that says it may not connect is denied.
import { guards } from "push-it-server/guards";

/** The credentials that the clients of this app present. */
interface Who {
  userId?: string;
  name?: string;
  denied?: boolean;
}

export default guards<Who | undefined>({
  onConnectionRequest(agent) {
    const { userId, name, denied } = agent.credentials ?? {};
    if (denied) return agent.connectionDenied("You said so.");
    agent.connected({ ...(userId !== undefined && { userId }), ...(name !== undefined && { info: { name } }) });
  },
  onSubscriptionRequest: (channel, agent) => agent.subscribe(channel),
  onUnsubscriptionRequest: (channel, agent) => agent.unsubscribe(channel),
  onPublicationRequest(channel, agent, message) {
    channel.publish(message);
    agent.publicationSuccess(message);
  },
  onDisconnect: () => undefined,
});
