import { createServer, connect, type AddressInfo, type Server, type Socket } from "node:net";

/** A network between a client and the API. It passes bytes on until it vanishes. */
export class Network {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #vanished = false;

  private constructor(readonly target: URL) {
    this.#server = createServer((near) => this.#pass(near));
  }

  /** Opens a network to an API. @param url the API's WebSocket URL */
  static async to(url: string): Promise<Network> {
    const network = new Network(new URL(url));
    await new Promise<void>((resolve) => network.#server.listen(0, "127.0.0.1", resolve));
    return network;
  }

  /** The API's URL through this network. */
  get url(): string {
    const through = new URL(this.target);
    through.port = String((this.#server.address() as AddressInfo).port);
    return String(through);
  }

  /** From now on nothing arrives in either direction, and neither side learns of it. */
  vanish(): void {
    this.#vanished = true;
    for (const socket of this.#sockets) socket.unpipe().pause();
  }

  /** Ends all connections. */
  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #pass(near: Socket): void {
    this.#keep(near);
    if (this.#vanished) return void near.pause();
    const far = connect(Number(this.target.port), this.target.hostname);
    this.#keep(far);
    near.pipe(far).pipe(near);
  }

  #keep(socket: Socket): void {
    this.#sockets.add(socket);
    socket.on("error", () => socket.destroy());
    socket.on("close", () => this.#sockets.delete(socket));
  }
}
