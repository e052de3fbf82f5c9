import type { Stack } from "aws-cdk-lib";
import { Role, ServicePrincipal } from "aws-cdk-lib/aws-iam";
import type { PushIt } from "../../../infra/index.js";

/** No agent may publish, so all messages in these tests are the server API's. */
export const GUARDS = `
  export default {
    onConnectionRequest(agent) {
      const [, userId] = /^user (.+)/.exec(agent.credentials ?? "") ?? [];
      agent.connected({ userId });
    },
    onPublicationRequest(channel, agent, message) {
      if (!channel.name.startsWith("open/")) return agent.publicationDenied(message, "Only the back end may.");
      channel.publish(message);
      agent.publicationSuccess(message);
    },
    onDisconnect(agent) { console.warn({ event: "told", who: agent.credentials }); },
    channels: {
      "moderated/*": {
        onMessageReceived(channel, agent, message) {
          if (agent.credentials === "Ada") agent.deliver(channel, { ...message, data: "for Ada: " + message.data });
        },
      },
    },
  };
`;

/** Roles with the grants of server programs. */
export const addResources = (stack: Stack, pushIt: PushIt): void => {
  const role = (id: string): Role =>
    new Role(stack, id, { assumedBy: new ServicePrincipal("ecs-tasks.amazonaws.com") });
  pushIt.grantPublish(role("BackEnd"));
  pushIt.grantPublishUrl(role("WithoutSdk"));
  role("Stranger");
};
