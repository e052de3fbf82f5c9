import { UserError, messageOf } from "../../core/user-error.js";
import { type Gateway, type GatewayOptions, startGateway } from "../../services/gateway/gateway.js";

/**
 * Starts the gateway on a server that listens already.
 * @throws UserError when the API cannot be served
 */
export const listen = async (options: GatewayOptions): Promise<Gateway> => {
  try {
    return await startGateway(options);
  } catch (error) {
    throw new UserError(`The WebSocket API cannot be served: ${messageOf(error)}`);
  }
};
