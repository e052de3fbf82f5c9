import { Meta } from "../../protocol/index.js";
import { ManagementApi } from "../aws/api-gateway/management-api.js";
import { HistoryTable } from "../aws/dynamodb/history-table.js";
import { LivenessTable } from "../aws/dynamodb/liveness-table.js";
import { MembersTable } from "../aws/dynamodb/members-table.js";
import { createDependencies } from "../aws/create-dependencies.js";
import { connectionStatus } from "../aws/api-gateway/connection-status.js";
import { RateLimiter } from "../requests/rate-limiter.js";
import { pingReply } from "../requests/ping-reply.js";
import { PINGS_WITH_CHANNELS } from "../requests/request-rates.js";

const system = createDependencies();
const { table, clock, settings } = system;
const histories = new HistoryTable(table, clock, settings.dedupeSeconds);
const pinging = {
  ...system,
  histories,
  members: new MembersTable(table, clock),
  liveness: new LivenessTable(table, clock),
  rate: new RateLimiter(PINGS_WITH_CHANNELS, clock, settings.limits.ratesPerUser),
};

/** The Lambda behind `ping`: whether the connection still has an agent, and what the server keeps for it. */
export const handler = connectionStatus(system, new ManagementApi(system.log), Meta.ping, (agent, body) =>
  pingReply(pinging, agent, body),
);
