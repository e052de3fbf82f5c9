import { createPublishing } from "./aws/publishing.js";
import { route } from "./aws/route.js";
import { PublicationRate } from "./core/publication-rate.js";
import { publish } from "./core/publish.js";
import { Rate } from "./core/rate.js";
import { LINGERING_MS } from "./core/request-rates.js";
import { readPublication } from "./core/requests.js";

const system = createPublishing();
const { limits } = system.settings;
const lingeringRate = new Rate(LINGERING_MS, system.clock, limits.ratesPerUser);
const publishing = { ...system, rate: new PublicationRate(limits, system.clock), lingeringRate };

/**
 * The Lambda behind `send`: publishes, and says nothing to the publisher; what is refused is in the log only. The route has
 * no route response; nothing is returned either, so that no answer can leave by mistake.
 */
export const handler = route(
  publishing,
  async ({ body }, agent) => {
    const read = readPublication(body, limits);
    return "faults" in read ? read.faults : publish(publishing, agent, read.request, { answered: false });
  },
  { silent: true },
);
