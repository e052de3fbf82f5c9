import { Failure, messageOf } from "../failure.js";
import { type Gateway, type GatewayOptions, startGateway } from "../gateway/index.js";

/**
 * Starts the gateway.
 * @throws Failure when the port cannot be used, or the API cannot be served
 */
export const listen = async (options: GatewayOptions): Promise<Gateway> => {
  try {
    return await startGateway(options);
  } catch (error) {
    throw failureOf(options.port, error);
  }
};

const failureOf = (port: number, error: unknown): Failure => {
  const { code } = error as NodeJS.ErrnoException;
  if (code === "EADDRINUSE")
    return new Failure(`Port ${port} is taken.`, "Choose another with --port, or --port 0 for any that is free.");
  if (code === "EACCES")
    return new Failure(`Port ${port} may not be used.`, "Choose one above 1023, such as --port 8787.");
  return new Failure(`The WebSocket API cannot be served: ${messageOf(error)}`);
};
