import { Failure, messageOf } from "../failure.js";
import { type Gateway, type GatewayOptions, startGateway } from "../gateway/index.js";

/**
 * Starts the gateway on a server that listens already.
 * @throws Failure when the API cannot be served
 */
export const listen = async (options: GatewayOptions): Promise<Gateway> => {
  try {
    return await startGateway(options);
  } catch (error) {
    throw new Failure(`The WebSocket API cannot be served: ${messageOf(error)}`);
  }
};
