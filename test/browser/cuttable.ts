import { createServer, connect, type AddressInfo, type Server, type Socket } from "node:net";

/** A way to a port of this machine that can be cut, as a network is: what is open breaks, and nothing new gets through. */
export class Cuttable {
  readonly #sockets = new Set<Socket>();
  #cut = false;

  private constructor(private readonly server: Server) {}

  static async to(port: number): Promise<Cuttable> {
    const server = createServer();
    const way = new Cuttable(server);
    server.on("connection", (near) => {
      if (way.#cut) return void near.destroy();
      const far = connect(port, "127.0.0.1");
      for (const socket of [near, far]) {
        way.#sockets.add(socket);
        socket.on("error", () => undefined);
        socket.on("close", () => {
          way.#sockets.delete(socket);
          near.destroy();
          far.destroy();
        });
      }
      near.pipe(far).pipe(near);
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    return way;
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  /** How many connections go through. */
  get open(): number {
    return this.#sockets.size / 2;
  }

  cut(): void {
    this.#cut = true;
    for (const socket of this.#sockets) socket.destroy();
  }

  mend(): void {
    this.#cut = false;
  }

  async close(): Promise<void> {
    this.cut();
    await new Promise((resolve) => this.server.close(resolve));
  }
}
