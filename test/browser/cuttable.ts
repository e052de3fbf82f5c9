import { EventEmitter, once } from "node:events";
import { createServer, connect, type AddressInfo, type Server, type Socket } from "node:net";

/** A way to a port of this machine that can fail as a network does. */
export class Cuttable {
  /** The open connections, each with both its ends. */
  readonly #sockets = new Set<Socket>();
  readonly #changes = new EventEmitter();
  #state: "whole" | "cut" | "dead" = "whole";
  #accepted = 0;

  private constructor(private readonly server: Server) {
    this.#changes.setMaxListeners(0);
  }

  static async to(port: number): Promise<Cuttable> {
    const server = createServer();
    const way = new Cuttable(server);
    server.on("connection", (near) => way.#accept(near, port));
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    return way;
  }

  #accept(near: Socket, port: number): void {
    if (this.#state === "cut") return void near.destroy();
    const far = connect(port, "127.0.0.1");
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      this.#sockets.add(from);
      // By hand, because a pipe would flow again as soon as the other end has drained.
      from.on("data", (bytes) => to.write(bytes));
      if (this.#state === "dead") from.pause();
      from.on("error", () => undefined);
      from.on("close", () => {
        this.#sockets.delete(from);
        to.destroy();
        this.#changes.emit("change");
      });
    }
    this.#accepted++;
    this.#changes.emit("change");
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  /** How many connections go through. */
  get open(): number {
    return this.#sockets.size / 2;
  }

  /** How many connections there have been. */
  get accepted(): number {
    return this.#accepted;
  }

  /** Waits until something is true of the connections. */
  async until(holds: (way: this) => boolean): Promise<void> {
    while (!holds(this)) await once(this.#changes, "change");
  }

  /** Breaks the open connections at both ends, and lets nothing new through. */
  cut(): void {
    this.#state = "cut";
    for (const socket of this.#sockets) socket.destroy();
  }

  /**
   * Nothing gets through any more, without a notice: open connections stay open, and new ones are never answered. So ends
   * a network that has changed its address, or a phone in a tunnel.
   */
  die(): void {
    this.#state = "dead";
    for (const socket of this.#sockets) socket.pause();
  }

  /** Everything gets through again, also the bytes that were sent meanwhile. */
  mend(): void {
    this.#state = "whole";
    for (const socket of this.#sockets) socket.resume();
  }

  async close(): Promise<void> {
    this.cut();
    await new Promise((resolve) => this.server.close(resolve));
  }
}
