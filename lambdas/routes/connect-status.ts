import { Meta } from "../../protocol/index.js";
import { ManagementApi } from "../aws/api-gateway/management-api.js";
import { createDependencies } from "../aws/create-dependencies.js";
import { connectionStatus } from "../aws/api-gateway/connection-status.js";

const system = createDependencies();

/** The Lambda behind `connect`: the outcome of the handshake. It sends a denied socket the reason, and closes it. */
export const handler = connectionStatus(system, new ManagementApi(system.log), Meta.connect);
