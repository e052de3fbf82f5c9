import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";

/** An HTTP server on a free port of this machine. */
export interface HttpServer {
  /** Such as `http://127.0.0.1:49152`. */
  endpoint: string;
  /** Cuts what is still connected. */
  close(): Promise<void>;
}

/** Serves functions of this run. They keep their connections: a frozen one must find its own still there. */
export const startHttpServer = async (listener: RequestListener): Promise<HttpServer> => {
  const server = createServer({ keepAliveTimeout: 0 }, listener);
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, "127.0.0.1", resolve);
  });
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
};
