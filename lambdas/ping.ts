import { Meta } from "../protocol/index.js";
import { ManagementApi } from "./aws/connections.js";
import { HistoryTable } from "./aws/history-table.js";
import { MembersTable } from "./aws/members-table.js";
import { createSystem } from "./aws/system.js";
import { type Besides, whoAmI } from "./aws/whoami.js";
import { behind, readPositions } from "./core/behind.js";
import { readPresent, renewPresence } from "./core/present.js";

const system = createSystem();
const { table, clock, settings } = system;
const telling = { ...system, histories: new HistoryTable(table, clock, settings.dedupeSeconds), members: new MembersTable(table) };

/** Which channels have gone on from where the agent is, and on which is it present? */
const besides: Besides = async (agent, body) => {
  const [positions, present] = [readPositions(body), readPresent(body)];
  if ("faults" in positions) return positions;
  if ("faults" in present) return present;
  const goneOn = behind(telling, agent, positions.request);
  const [channels, absent] = await Promise.all([goneOn, renewPresence(telling, agent.connectionId, present.request)]);
  return { facts: { ...(channels.length > 0 && { behind: channels }), ...(absent.length > 0 && { absent }) } };
};

/** The Lambda behind `ping`: does this connection still have an agent, and what does the server promise it? */
export const handler = whoAmI(system, new ManagementApi(system.log), Meta.ping, besides);
