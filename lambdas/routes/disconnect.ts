import type { APIGatewayProxyResultV2, APIGatewayProxyWebsocketEventV2 } from "aws-lambda";
import { requireLoaded } from "../aws/lambda/guards-not-loaded.js";
import { createDependencies } from "../aws/create-dependencies.js";
import { removeAgent } from "../connection/remove-agent.js";

const system = createDependencies();

/** The Lambda behind `$disconnect`: best effort, because API Gateway may never call it. The sweep completes its work if it fails. */
export const handler = async ({
  requestContext,
}: APIGatewayProxyWebsocketEventV2): Promise<APIGatewayProxyResultV2> => {
  if (requestContext.eventType === "DISCONNECT") await removeAgent(system, requestContext);
  requireLoaded(system.guards);
  return { statusCode: 200 };
};
