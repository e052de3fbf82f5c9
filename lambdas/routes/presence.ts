import { ManagementApi } from "../aws/api-gateway/management-api.js";
import { MembersTable } from "../aws/dynamodb/members-table.js";
import { OccupancyWriter } from "../aws/dynamodb/occupancy-writer.js";
import { openHistories } from "../aws/open-histories.js";
import { route } from "../aws/api-gateway/route.js";
import { createDependencies } from "../aws/create-dependencies.js";
import { answerPresenceQuery } from "../presence/presence-query.js";
import { RateLimiter } from "../requests/rate-limiter.js";
import { PRESENCE_REQUESTS } from "../requests/request-rates.js";
import { readPresence } from "../requests/frame-parser.js";

const system = createDependencies();
const connections = new ManagementApi(system.log);
const { table, clock, settings } = system;
// The function reads no history itself, but its guard may.
openHistories(system);
const querying = {
  ...system,
  members: new MembersTable(table, clock),
  occupancy: new OccupancyWriter(table, clock),
  rate: new RateLimiter(PRESENCE_REQUESTS, clock, settings.limits.ratesPerUser),
};

/** The Lambda behind `presence`: the members of a channel. */
export const handler = route({ ...system, connections }, async ({ body }, agent) => {
  const read = readPresence(body);
  return "faults" in read ? read.faults : [await answerPresenceQuery(querying, agent, read.request)];
});
