import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import { UserError, messageOf } from "../user-error.js";

/** The port of each part, counted from the run's own port: so a part is found at the same port in every run. */
export const OFFSETS = { gateway: 0, lambda: 1, sqs: 2, dynamodb: 3, services: 4 } as const;

/** The first function URL's port, counted from the run's own port; the others follow. */
export const FIRST_URL_OFFSET = 10;

/** Where something listens. */
export interface Listening {
  port: number;
  host: string;
  /** What listens there, for messages. */
  what: string;
}

/**
 * Has a server listen.
 * @throws UserError when it cannot
 */
export const listenAt = async (server: Server, listening: Listening): Promise<number> => {
  const { port, host } = listening;
  try {
    await new Promise<void>((resolve, reject) => {
      server.once("error", reject);
      server.listen(port, host, () => {
        server.removeListener("error", reject);
        resolve();
      });
    });
  } catch (error) {
    throw failureOf(listening, error);
  }
  return (server.address() as AddressInfo).port;
};

const MAX_PORT = 65_535;

const SPAN = `A run listens at its --port and the ${OFFSETS.services} after it, and has its function URLs from the ${FIRST_URL_OFFSET}th after it on`;

const failureOf = ({ port, host, what }: Listening, error: unknown): UserError => {
  const { code } = error as NodeJS.ErrnoException;
  if (code === "EADDRINUSE")
    return new UserError(
      `Port ${port} is taken: ${what} would be there.`,
      `Choose another with --port, or --port 0 for any that are free. ${SPAN}.`,
    );
  if (code === "EACCES")
    return new UserError(
      `Port ${port} may not be used: ${what} would be there.`,
      "Choose one above 1023, such as --port 8787.",
    );
  if (code === "EADDRNOTAVAIL" || code === "ENOTFOUND" || code === "EAI_AGAIN")
    return new UserError(
      `This machine has no address ${host}.`,
      "Leave --host out, or take all addresses: --host 0.0.0.0",
    );
  if (code === "ERR_SOCKET_BAD_PORT")
    return new UserError(
      `${port} is not a port: ${what} would be there.`,
      `Choose a --port that leaves room below ${MAX_PORT}. ${SPAN}.`,
    );
  return new UserError(`Port ${port} cannot be used: ${messageOf(error)}`);
};
