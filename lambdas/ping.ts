import { Meta } from "../protocol/index.js";
import { ManagementApi } from "./aws/connections.js";
import { createSystem } from "./aws/system.js";
import { whoAmI } from "./aws/whoami.js";

const system = createSystem();

/** The Lambda behind `ping`: does this connection still have an agent, and what does the server promise it? */
export const handler = whoAmI(system, new ManagementApi(system.log), Meta.ping);
