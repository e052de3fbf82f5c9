import { Meta } from "../protocol/index.js";
import { ManagementApi } from "./aws/connections.js";
import { MembersTable } from "./aws/members-table.js";
import { createSystem } from "./aws/system.js";
import { type Besides, whoAmI } from "./aws/whoami.js";
import { renewPresence } from "./core/present.js";
import { readPing } from "./core/requests.js";

const system = createSystem();
const renewing = { ...system, members: new MembersTable(system.table) };

/** Where does the agent say it is present, and where is it not? */
const present: Besides = async ({ connectionId }, body) => {
  const read = readPing(body);
  if ("faults" in read) return read;
  const absent = await renewPresence(renewing, connectionId, read.request.present);
  return { facts: absent.length > 0 ? { absent } : {} };
};

/** The Lambda behind `ping`: does this connection still have an agent, and what does the server promise it? */
export const handler = whoAmI(system, new ManagementApi(system.log), Meta.ping, present);
