import { createServer, type RequestListener, type Server } from "node:http";
import { type AddressInfo, isIP } from "node:net";
import { networkInterfaces } from "node:os";
import { createGatewayServer } from "../../services/gateway/gateway.js";
import { FIRST_URL_OFFSET, PORT_OFFSETS } from "../../core/port-offsets.js";
import { closeServer, listenAt } from "../../core/http/server.js";

/** A part of the run that listens. */
export type Part = keyof typeof PORT_OFFSETS;

/** Who is listened to unless `--host` says otherwise: programs on this machine only. */
const LOOPBACK = "127.0.0.1";

/** What other machines may reach with `--host`. The rest is for functions, which run on this machine. */
const PUBLIC = new Set<Part>(["gateway", "lambda"]);

/** What listens at each port, for messages. */
const NAMES: Record<Part, string> = {
  gateway: "the WebSocket API",
  lambda: "Lambda's Invoke",
  sqs: "SQS",
  dynamodb: "DynamoDB",
  services: "Secrets Manager and EventBridge",
};

/** Addresses of the run: where it listens, and what is printed. */
export interface Addresses {
  /** Where to listen, such as `0.0.0.0`. */
  listen: string;
  /** Where functions, which are on this machine, reach it. */
  local: string;
  /** Where others reach it: the first address of this machine, if it listens at all of them. */
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

/** Whether other machines can reach what listens there. */
export const isReachable = ({ listen }: Addresses): boolean => !/^(127\.|::1$|localhost$)/.test(listen);

/** The ports of a run, taken before anything is synthesized. What is asked before its part has started gets a 503. */
export class Ports {
  readonly #servers = new Map<Part, Server>();

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
      for (const part of Object.keys(PORT_OFFSETS) as Part[]) await ports.#take(part);
    } catch (error) {
      await ports.close();
      throw error;
    }
    return ports;
  }

  /** The server of a part, which listens already. */
  server(part: Part): Server {
    return this.#servers.get(part)!;
  }

  /** The port of a function URL by its place in order; 0: any free port. */
  urlPort(index: number): number {
    return this.base === 0 ? 0 : this.base + FIRST_URL_OFFSET + index;
  }

  /** The port of each part. */
  get all(): Record<Part, number> {
    const ports = [...this.#servers].map(
      ([part, server]) => [part, (server.address() as AddressInfo | null)?.port ?? 0] as const,
    );
    return Object.fromEntries(ports) as Record<Part, number>;
  }

  /** Gives all ports up. */
  async close(): Promise<void> {
    await Promise.all([...this.#servers.values()].map(closeServer));
  }

  async #take(part: Part): Promise<void> {
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
