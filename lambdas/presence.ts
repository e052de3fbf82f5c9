import { ManagementApi } from "./aws/connections.js";
import { MembersTable } from "./aws/members-table.js";
import { OccupancyNotes } from "./aws/occupancy-notes.js";
import { openHistories } from "./aws/open-histories.js";
import { route } from "./aws/route.js";
import { createSystem } from "./aws/system.js";
import { tellPresence } from "./core/attendance-answer.js";
import { Rate } from "./core/rate.js";
import { PRESENCE_REQUESTS } from "./core/request-rates.js";
import { readPresence } from "./core/requests.js";

const system = createSystem();
const connections = new ManagementApi(system.log);
const { table, clock, settings } = system;
// It reads none itself, but its guard may.
openHistories(system);
const attendance = { members: new MembersTable(table, clock), occupancy: new OccupancyNotes(table, clock) };
const telling = { ...system, ...attendance, rate: new Rate(PRESENCE_REQUESTS, clock, settings.limits.ratesPerUser) };

/** The Lambda behind `presence`: who is on a channel? */
export const handler = route({ ...system, connections }, async ({ body }, agent) => {
  const read = readPresence(body);
  return "faults" in read ? read.faults : [await tellPresence(telling, agent, read.request)];
});
