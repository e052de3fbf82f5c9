import type { APIGatewayProxyResultV2 } from "aws-lambda";
import type { Reply } from "../protocol/index.js";
import { createPublishing } from "./aws/publishing.js";
import { type FrameEvent, route } from "./aws/route.js";
import { PublicationRate } from "./core/publication-rate.js";
import { publish } from "./core/publish.js";
import { Rate } from "./core/rate.js";
import { LINGERING_MS } from "./core/request-rates.js";
import { readPublication } from "./core/requests.js";

const system = createPublishing();
const { limits } = system.settings;
const lingeringRate = new Rate(LINGERING_MS, system.clock, limits.ratesPerUser);
const publishing = { ...system, rate: new PublicationRate(limits, system.clock), lingeringRate };

const send = route(publishing, async ({ body }, agent) => {
  const read = readPublication(body, limits);
  return "faults" in read ? read.faults : publish(publishing, agent, read.request, { answered: false });
});

/**
 * The Lambda behind `send`: publishes, and says nothing to the publisher; what fails is in the log only. The route has
 * no route response; nothing is returned either, so that no answer can leave by mistake.
 */
export const handler = async (event: FrameEvent): Promise<APIGatewayProxyResultV2> => {
  const { body = "[]" } = await send(event);
  const answers = [JSON.parse(body) as Reply | Reply[]].flat();
  const failed = answers.filter(({ successful }) => !successful).map(({ uuid, code }) => ({ uuid, code }));
  if (failed.length > 0) system.log.warn("send_failed", { connection: event.requestContext.connectionId, failed });
  return { statusCode: 200 };
};
