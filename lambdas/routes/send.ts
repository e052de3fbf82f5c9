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

/**
 * The Lambda behind `send`: publishes without a reply to the publisher; only the log has refusals. The route has no route
 * response. The function returns nothing either, so that no reply can leave by mistake.
 */
export const handler = route(
  publishing,
  async ({ body }, agent) => {
    const read = readPublication(body, limits);
    return "faults" in read ? read.faults : publish(publishing, agent, read.request, { answered: false });
  },
  { silent: true },
);
