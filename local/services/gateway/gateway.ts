import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { listen, portOf } from "../../core/http/server.js";
import { CloseReasons } from "./connections/close-codes.js";
import { compile, type GatewayContext, gatewayContext } from "./context.js";
import { DEFAULT_LIMITS } from "./limits.js";
import { ManagementServer } from "./management/server.js";
import type { Gateway, GatewayOptions } from "./options.js";
import { Upgrader } from "./connections/upgrade.js";

export type { Gateway, GatewayFaults, GatewayOptions, ManagementCall, PostFault } from "./options.js";
export type { GatewayMeter } from "./options.js";
export * from "./limits.js";

const NODE_HEADER_BYTES = 64 * 1024;

const notFound = (_request: IncomingMessage, response: ServerResponse): void => {
  const body = JSON.stringify({ message: "Not Found" });
  response.writeHead(404, { "Content-Type": "application/json", "Content-Length": body.length }).end(body);
};

/** A server for a gateway, which does not listen yet. Node's own header limit is above the gateway's, which counts as AWS does and answers in its shape. */
export const createGatewayServer = (): Server => createServer({ maxHeaderSize: NODE_HEADER_BYTES });

const serve = (server: Server, context: GatewayContext, fallback: GatewayOptions["fallback"] = notFound): void => {
  const management = new ManagementServer(context);
  const upgrader = new Upgrader(context);
  server.keepAliveTimeout = context.limits.keepAliveMs;
  server.removeAllListeners("request");
  server.on("request", (request, response) => {
    if (management.serves(request)) management.handle(request, response);
    else fallback(request, response);
  });
  server.on("upgrade", (request, socket, head) => void upgrader.upgrade(request, socket, head));
};

const closeAll = async (server: Server, context: GatewayContext): Promise<void> => {
  context.closing = true;
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  for (const socket of context.registry.pending) socket.destroy();
  for (const connection of context.registry.all()) connection.close(CloseReasons.shutdown);
  server.closeAllConnections();
  await Promise.all([closed, context.registry.drained()]);
};

/**
 * Serves a WebSocket API and its `@connections` on one port, as API Gateway does. docs/FIDELITY.md lists the
 * differences.
 * @throws Error (rejects) if the port is taken, or if the API's selection expression is not supported
 * @example
 * const gateway = await startGateway({ api, invoker, port: 0, log: console.error });
 * const socket = new WebSocket(gateway.websocketUrl);
 */
export const startGateway = async (options: GatewayOptions): Promise<Gateway> => {
  const { api, invoker, port: wanted, host = "127.0.0.1", log, authorize, secretFor, meter, faults = {} } = options;
  const now = options.now ?? Date.now;
  const limits = { ...DEFAULT_LIMITS, ...options.limits };
  const context = gatewayContext({ model: api, invoker, limits, faults, log, authorize, secretFor, meter, now });
  const server = options.server ?? createGatewayServer();
  serve(server, context, options.fallback);
  const port = options.server ? portOf(server) : await listen(server, wanted, host);
  return {
    port,
    websocketUrl: `ws://${options.shownHost ?? host}:${port}/${api.stage}`,
    managementUrl: `http://${host}:${port}/${api.stage}`,
    get connections() {
      return [...context.registry.all()].flatMap(({ open, facts }) => (open ? [facts.id] : []));
    },
    cut(connectionId) {
      const connection = context.registry.get(connectionId);
      connection?.cut();
      return connection !== undefined;
    },
    close: () => closeAll(server, context),
    update: (model) => void (context.api = compile(model, now)),
  };
};
