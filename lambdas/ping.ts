import { Meta } from "../protocol/index.js";
import { ManagementApi } from "./aws/connections.js";
import { HistoryTable } from "./aws/history-table.js";
import { createSystem } from "./aws/system.js";
import { type Besides, whoAmI } from "./aws/whoami.js";
import { behind, readPositions } from "./core/behind.js";

const system = createSystem();
const { table, clock, settings } = system;
const telling = { ...system, histories: new HistoryTable(table, clock, settings.dedupeSeconds) };

/** Which channels have gone on from where the agent is? */
const goneOn: Besides = async (agent, body) => {
  const read = readPositions(body);
  if ("faults" in read) return read;
  const channels = await behind(telling, agent, read.request);
  return { facts: channels.length > 0 ? { behind: channels } : {} };
};

/** The Lambda behind `ping`: does this connection still have an agent, and what does the server promise it? */
export const handler = whoAmI(system, new ManagementApi(system.log), Meta.ping, goneOn);
