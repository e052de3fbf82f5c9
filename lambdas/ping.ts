import { Meta } from "../protocol/index.js";
import { ManagementApi } from "./aws/connections.js";
import { HistoryTable } from "./aws/history-table.js";
import { MembersTable } from "./aws/members-table.js";
import { createSystem } from "./aws/system.js";
import { whoAmI } from "./aws/whoami.js";
import { Rate } from "./core/rate.js";
import { remind } from "./core/reminders.js";
import { REMINDING_PINGS } from "./core/request-rates.js";

const system = createSystem();
const { table, clock, settings } = system;
const histories = new HistoryTable(table, clock, settings.dedupeSeconds);
const reminding = {
  ...system,
  histories,
  members: new MembersTable(table, clock),
  rate: new Rate(REMINDING_PINGS, clock, settings.limits.ratesPerUser),
};

/** The Lambda behind `ping`: does this connection still have an agent, and what does the server promise it? */
export const handler = whoAmI(system, new ManagementApi(system.log), Meta.ping, (agent, body) =>
  remind(reminding, agent, body),
);
