import { ManagementApi } from "../aws/api-gateway/management-api.js";
import { HistoryTable } from "../aws/dynamodb/history-table.js";
import { LivenessTable } from "../aws/dynamodb/liveness-table.js";
import { MembersTable } from "../aws/dynamodb/members-table.js";
import { createDependencies } from "../aws/create-dependencies.js";
import { heartbeatStatus } from "../aws/api-gateway/connection-status.js";
import { RateLimiter } from "../requests/rate-limiter.js";
import { pingReply } from "../requests/ping-reply.js";
import { PINGS_WITH_CHANNELS } from "../requests/request-rates.js";

const system = createDependencies();
const { table, clock, settings } = system;
const pinging = {
  ...system,
  histories: new HistoryTable(table, clock, settings.dedupeSeconds),
  members: new MembersTable(table, clock),
  liveness: new LivenessTable(table, clock),
  rate: new RateLimiter(PINGS_WITH_CHANNELS, clock, settings.limits.ratesPerUser),
};

/** The Lambda behind `heartbeat`: a ping that gets a reply only if there is news. */
export const handler = heartbeatStatus(system, new ManagementApi(system.log), (agent, body) =>
  pingReply(pinging, agent, body),
);
