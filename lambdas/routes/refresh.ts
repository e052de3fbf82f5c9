import { type Reply, Meta } from "../../protocol/index.js";
import { ManagementApi } from "../aws/api-gateway/management-api.js";
import { withAgent } from "../aws/api-gateway/route.js";
import { createDependencies, type Dependencies } from "../aws/create-dependencies.js";
import type { Agent } from "../connection/agent.js";
import { failure, connectionInfo, success } from "../requests/replies.js";
import { notifyAndClose } from "../connection/close-connection.js";
import type { Connections } from "../ports.js";
import { RateLimiter } from "../requests/rate-limiter.js";
import { removeAgent } from "../connection/remove-agent.js";
import { renew } from "../connection/renewal.js";
import { REFRESH_REQUESTS } from "../requests/request-rates.js";
import { readRefresh } from "../requests/frame-parser.js";

/** Renews an agent on its open connection. An agent that may not stay is removed, notified and closed; then the result is empty. */
export const refresh = async (
  system: Pick<Dependencies, "settings" | "store" | "guards" | "clock" | "log"> & {
    connections: Connections;
    rate: Pick<RateLimiter, "spend">;
  },
  agent: Agent,
  body: string | undefined,
): Promise<Reply[]> => {
  const { settings, clock, connections, log } = system;
  const read = readRefresh(body, settings.limits);
  if ("faults" in read) return read.faults;
  const { uuid, credentials } = read.request;
  if (!system.rate.spend(agent, 1)) return [failure(Meta.refresh, uuid, "rate_limited")];

  const renewal = await renew(system, agent, credentials);
  if ("renewed" in renewal)
    return [success(Meta.refresh, uuid, connectionInfo(renewal.renewed, settings, clock.now()))];
  const { code, reason } = "ended" in renewal ? renewal.ended : renewal.refused;
  const answer = failure(Meta.refresh, uuid, code, reason);
  if ("refused" in renewal) return [answer];

  log.info("renewal_denied", { connection: agent.connectionId, agent: agent.uuid, uuid, code });
  try {
    await removeAgent(system, agent);
  } finally {
    // Also if the table fails: then $disconnect or the sweep removes the agent.
    await notifyAndClose(connections, agent.connectionId, answer);
  }
  return [];
};

const system = createDependencies();
const connections = new ManagementApi(system.log);
const { clock, settings } = system;
const refreshing = {
  ...system,
  connections,
  rate: new RateLimiter(REFRESH_REQUESTS, clock, settings.limits.ratesPerUser),
};
/** Reads the agent from its row, never from the cache: a renewal must not start from an older state. */
const directory = { connectionRecord: (connectionId: string) => system.store.connectionRecord(connectionId) };

/** The Lambda behind `refresh`. */
export const handler = withAgent({ ...refreshing, directory }, (event, agent) =>
  refresh(refreshing, agent, event.body),
);
