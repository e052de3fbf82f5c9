import { type Reply, Meta } from "../protocol/index.js";
import { ManagementApi } from "./aws/connections.js";
import { withAgent } from "./aws/route.js";
import { createSystem, type System } from "./aws/system.js";
import type { Agent } from "./core/agent.js";
import { failure, facts, success } from "./core/answers.js";
import { tellAndClose } from "./core/farewell.js";
import type { Connections } from "./core/ports.js";
import { Rate } from "./core/rate.js";
import { removeAgent } from "./core/remove.js";
import { renew } from "./core/renewal.js";
import { REFRESH_REQUESTS } from "./core/request-rates.js";
import { readRefresh } from "./core/requests.js";

/** Renews an agent on its open connection. One that may not stay is removed, told and closed; then nothing is returned. */
export const refresh = async (
  system: Pick<System, "settings" | "store" | "guards" | "clock" | "log"> & {
    connections: Connections;
    rate: Pick<Rate, "spend">;
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
  if ("renewed" in renewal) return [success(Meta.refresh, uuid, facts(renewal.renewed, settings, clock.now()))];
  const { code, reason } = "ended" in renewal ? renewal.ended : renewal.refused;
  const answer = failure(Meta.refresh, uuid, code, reason);
  if ("refused" in renewal) return [answer];

  log.info("renewal_denied", { connection: agent.connectionId, agent: agent.uuid, uuid, code });
  try {
    await removeAgent(system, agent);
  } finally {
    // Even where the table resists: then $disconnect removes it, or the sweep.
    await tellAndClose(connections, agent.connectionId, answer);
  }
  return [];
};

const system = createSystem();
const connections = new ManagementApi(system.log);
const { clock, settings } = system;
const refreshing = { ...system, connections, rate: new Rate(REFRESH_REQUESTS, clock, settings.limits.ratesPerUser) };
/** The agent as it is, never as it was: what is renewed must not be something older. */
const directory = { standing: (connectionId: string) => system.store.standing(connectionId) };

/** The Lambda behind `refresh`. */
export const handler = withAgent({ ...refreshing, directory }, (event, agent) =>
  refresh(refreshing, agent, event.body),
);
