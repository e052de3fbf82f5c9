import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";

/** An HTTP server of this machine. */
export interface HttpServer {
  /** Such as `http://127.0.0.1:49152`. */
  endpoint: string;
  port: number;
  /** Cuts what is still connected. */
  close(): Promise<void>;
}

/**
 * Serves functions of this run. They keep their connections: a frozen one must find its own still there.
 * @param listening a server that listens already, and whose requests are answered from now on; @default one on a free port
 */
export const startHttpServer = async (listener: RequestListener, listening?: Server): Promise<HttpServer> => {
  const server = listening ?? createServer({ keepAliveTimeout: 0 });
  server.removeAllListeners("request");
  server.on("request", listener);
  if (!listening)
    await new Promise<void>((resolve, reject) => {
      server.once("error", reject);
      server.listen(0, "127.0.0.1", resolve);
    });
  const { port } = server.address() as AddressInfo;
  return {
    endpoint: `http://127.0.0.1:${port}`,
    port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
};
