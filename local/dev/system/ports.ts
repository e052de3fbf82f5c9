import { createServer, type RequestListener, type Server } from "node:http";
import { type AddressInfo, isIP } from "node:net";
import { networkInterfaces } from "node:os";
import { createGatewayServer } from "../../services/gateway/gateway.js";
import { FIRST_URL_OFFSET, PORT_OFFSETS } from "../../core/port-offsets.js";
import { closeServer, listenAt } from "../../core/http/server.js";

/** A part of the run that listens. */
export type ListeningPart = keyof typeof PORT_OFFSETS;

/** The default address: only programs on this machine can connect. */
const LOOPBACK = "127.0.0.1";

/** Parts that other machines may reach with `--host`. The rest is for functions, which run on this machine. */
const PUBLIC = new Set<ListeningPart>(["gateway", "lambda"]);

/** The name of each part, for error messages. */
const NAMES: Record<ListeningPart, string> = {
  gateway: "the WebSocket API",
  lambda: "Lambda's Invoke",
  sqs: "SQS",
  dynamodb: "DynamoDB",
  services: "Secrets Manager and EventBridge",
};

/** Addresses of the run: for listening and for the output. */
export interface Addresses {
  /** The address to listen at, such as `0.0.0.0`. */
  listen: string;
  /** The address for functions, which run on this machine. */
  local: string;
  /** The address for other programs. If the run listens at all addresses, this is the first one of the machine. */
  shown: string;
}

/** The addresses that `--host` stands for. */
export const addressesOf = (host = LOOPBACK): Addresses => {
  if (host === "0.0.0.0" || host === "::") return { listen: host, local: LOOPBACK, shown: firstAddress() ?? LOOPBACK };
  const address = isIP(host) === 6 ? `[${host}]` : host;
  return { listen: host, local: address, shown: address };
};

const firstAddress = (): string | undefined =>
  Object.values(networkInterfaces())
    .flat()
    .find((each) => each && each.family === "IPv4" && !each.internal)?.address;

/** Whether other machines can connect. */
export const isReachable = ({ listen }: Addresses): boolean => !/^(127\.|::1$|localhost$)/.test(listen);

/** The ports of a run, reserved before any synthesis. Until a part has started, its port responds with 503. */
export class Ports {
  readonly #servers = new Map<ListeningPart, Server>();

  private constructor(
    readonly addresses: Addresses,
    private readonly base: number,
  ) {}

  /**
   * Takes the port of every part.
   * @param base 0: any free ports
   * @throws UserError when one is taken, or the host is not this machine
   */
  static async open(base: number, host?: string): Promise<Ports> {
    const ports = new Ports(addressesOf(host), base);
    try {
      for (const part of Object.keys(PORT_OFFSETS) as ListeningPart[]) await ports.#take(part);
    } catch (error) {
      await ports.close();
      throw error;
    }
    return ports;
  }

  /** The server of a part, which listens already. */
  server(part: ListeningPart): Server {
    return this.#servers.get(part)!;
  }

  /** The port of a function URL by its place in order; 0: any free port. */
  urlPort(index: number): number {
    return this.base === 0 ? 0 : this.base + FIRST_URL_OFFSET + index;
  }

  /** The port of each part. */
  get all(): Record<ListeningPart, number> {
    const ports = [...this.#servers].map(
      ([part, server]) => [part, (server.address() as AddressInfo | null)?.port ?? 0] as const,
    );
    return Object.fromEntries(ports) as Record<ListeningPart, number>;
  }

  /** Gives all ports up. */
  async close(): Promise<void> {
    await Promise.all([...this.#servers.values()].map(closeServer));
  }

  async #take(part: ListeningPart): Promise<void> {
    const server = part === "gateway" ? createGatewayServer() : createServer({ keepAliveTimeout: 0 });
    server.on("request", notYet);
    const host = PUBLIC.has(part) ? this.addresses.listen : LOOPBACK;
    await listenAt(server, { port: this.base === 0 ? 0 : this.base + PORT_OFFSETS[part], host, what: NAMES[part] });
    this.#servers.set(part, server);
  }
}

const notYet: RequestListener = (_request, response) =>
  void response
    .writeHead(503, { "retry-after": "1", "content-type": "text/plain" })
    .end("push-it-cli dev is starting.\n");
