import { ManagementApi } from "./aws/connections.js";
import { invokeFlush } from "./aws/invoke-flush.js";
import { LatestTable } from "./aws/latest-table.js";
import { LingerTable } from "./aws/linger-table.js";
import { route } from "./aws/route.js";
import { createSystem } from "./aws/system.js";
import { PublicationRate } from "./core/publication-rate.js";
import { publish } from "./core/publish.js";
import { readPublication } from "./core/requests.js";

const system = createSystem();
const { wildcards, fanOutMs: budgetMs, limits } = system.settings;
const rate = new PublicationRate(limits.publicationsPerSecond, system.clock);
const { table, clock } = system;
const gathering = { lingering: new LingerTable(table, clock), invokeFlush: invokeFlush(clock), latest: new LatestTable(table, clock) };
const publishing = { ...system, ...gathering, wildcards, budgetMs, rate, connections: new ManagementApi(system.log) };

/** The Lambda behind `publish`. */
export const handler = route(publishing, async ({ body }, agent) => {
  const read = readPublication(body, limits);
  return "faults" in read ? read.faults : publish(publishing, agent, read.request);
});
