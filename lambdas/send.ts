import type { APIGatewayProxyResultV2 } from "aws-lambda";
import type { Answer } from "../protocol/index.js";
import { lambdaLog } from "./aws/log.js";
import type { FrameEvent } from "./aws/route.js";
import { handler as publish } from "./publish.js";

/**
 * The Lambda behind `send`: publishes, and says nothing to the publisher; what fails is in the log only. The route has
 * no route response; nothing is returned either, so that no answer can leave by mistake.
 */
export const handler = async (event: FrameEvent): Promise<APIGatewayProxyResultV2> => {
  const { body = "[]" } = await publish(event);
  const answers = [JSON.parse(body) as Answer | Answer[]].flat();
  const failed = answers.filter(({ successful }) => !successful).map(({ uuid, code }) => ({ uuid, code }));
  if (failed.length > 0) lambdaLog.warn("send_failed", { connection: event.requestContext.connectionId, failed });
  return { statusCode: 200 };
};
