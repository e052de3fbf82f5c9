import type { APIGatewayProxyResultV2 } from "aws-lambda";
import type { FrameEvent } from "./aws/route.js";
import { handler as publish } from "./publish.js";

/**
 * The Lambda behind `send`: publishes, and says nothing to the publisher. The route has no route response; nothing is
 * returned either, so that no answer can leave by mistake.
 */
export const handler = async (event: FrameEvent): Promise<APIGatewayProxyResultV2> => {
  await publish(event);
  return { statusCode: 200 };
};
