import { createPublishDependencies } from "../aws/publish-dependencies.js";
import { route } from "../aws/api-gateway/route.js";
import { PublicationRateLimiter } from "../publish/publication-rate.js";
import { publish } from "../publish/publish.js";
import { RateLimiter } from "../requests/rate-limiter.js";
import { LINGERING_MS } from "../requests/request-rates.js";
import { readPublication } from "../requests/frame-parser.js";

const system = createPublishDependencies();
const { limits } = system.settings;
const lingeringRate = new RateLimiter(LINGERING_MS, system.clock, limits.ratesPerUser);
const publishing = { ...system, rate: new PublicationRateLimiter(limits, system.clock), lingeringRate };

/** The Lambda behind `publish`. */
export const handler = route(publishing, async ({ body }, agent) => {
  const read = readPublication(body, limits);
  return "faults" in read ? read.faults : publish(publishing, agent, read.request, { answered: true });
});
