import { Meta } from "../protocol/index.js";
import { ManagementApi } from "./aws/connections.js";
import { createSystem } from "./aws/system.js";
import { whoAmI } from "./aws/whoami.js";

const system = createSystem();

/** The Lambda behind `connect`: what came of the handshake? Tells a denied socket why, and closes it. */
export const handler = whoAmI(system, new ManagementApi(system.log), Meta.connect);
