import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { FIRST_URL_OFFSET, PORT_OFFSETS } from "../port-offsets.js";
import { messageOf, UserError } from "../user-error.js";

/** A running HTTP server. */
export interface HttpServer {
  /** Such as `http://127.0.0.1:49152`. */
  endpoint: string;
  port: number;
  /** Closes the server and cuts its open connections. */
  close(): Promise<void>;
}

/**
 * Serves functions of this run. The server never closes an idle connection, because a frozen function cannot notice that.
 * @param server a server that listens already: the listener replaces its own. @default a new one on a free port
 */
export const startHttpServer = async (listener: RequestListener, server?: Server): Promise<HttpServer> => {
  const listening = server ?? createServer({ keepAliveTimeout: 0 });
  listening.removeAllListeners("request");
  listening.on("request", listener);
  const port = server ? portOf(server) : await listen(listening, 0, "127.0.0.1");
  return { endpoint: `http://127.0.0.1:${port}`, port, close: () => closeServer(listening) };
};

/**
 * Makes a server listen.
 * @param port 0: any free port
 * @returns the port
 * @throws the system's error, such as EADDRINUSE
 */
export const listen = (server: Server, port: number, host: string): Promise<number> =>
  new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, host, () => {
      server.removeListener("error", reject);
      resolve(portOf(server));
    });
  });

/** Closes a server and cuts its open connections. */
export const closeServer = (server: Server): Promise<void> =>
  new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });

/** The port that a server listens at. */
export const portOf = (server: Server): number => (server.address() as AddressInfo).port;

/** An address to listen at. */
export interface ListenAddress {
  port: number;
  host: string;
  /** The part of the run that listens there, for error messages. */
  what: string;
}

/**
 * Makes a server of the command listen.
 * @returns the port
 * @throws UserError if it cannot
 */
export const listenAt = async (server: Server, address: ListenAddress): Promise<number> => {
  try {
    return await listen(server, address.port, address.host);
  } catch (error) {
    throw listenError(address, error);
  }
};

const MAX_PORT = 65_535;

const PORT_PLAN = `A run listens at its --port and the ${PORT_OFFSETS.services} ports after it. Its function URLs start at the ${FIRST_URL_OFFSET}th port after it`;

const listenError = ({ port, host, what }: ListenAddress, error: unknown): UserError => {
  const { code } = error as NodeJS.ErrnoException;
  if (code === "EADDRINUSE")
    return new UserError(
      `Port ${port} is taken: ${what} would listen there.`,
      `Choose another with --port, or use --port 0 for any free ports. ${PORT_PLAN}.`,
    );
  if (code === "EACCES")
    return new UserError(
      `You may not use port ${port}: ${what} would listen there.`,
      "Choose a port above 1023, such as --port 8787.",
    );
  if (code === "EADDRNOTAVAIL" || code === "ENOTFOUND" || code === "EAI_AGAIN")
    return new UserError(
      `This machine has no address ${host}.`,
      "Leave --host out, or listen at all addresses: --host 0.0.0.0",
    );
  if (code === "ERR_SOCKET_BAD_PORT")
    return new UserError(
      `${port} is not a port: ${what} would listen there.`,
      `Choose a --port that leaves room below ${MAX_PORT}. ${PORT_PLAN}.`,
    );
  return new UserError(`Port ${port} cannot be used: ${messageOf(error)}`);
};
