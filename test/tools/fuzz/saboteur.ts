import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";

/** Changes a text frame of the server on its way: returns the frames that arrive instead. */
export type Sabotage = (frame: string) => string[];

const HEAD_END = "\r\n\r\n";
const TEXT = 1;

/** Lengths that a frame's second byte stands for. */
const TWO_BYTES = 126;
const EIGHT_BYTES = 127;

/** A frame from a server: not masked, and whole. */
const encoded = (text: string): Buffer => {
  const payload = Buffer.from(text);
  if (payload.length < TWO_BYTES) return Buffer.concat([Buffer.from([0x80 | TEXT, payload.length]), payload]);
  const header = Buffer.from([0x80 | TEXT, TWO_BYTES, 0, 0]);
  header.writeUInt16BE(payload.length, 2);
  return Buffer.concat([header, payload]);
};

/** The begin and end of a frame's payload; `undefined` when the frame has not arrived as a whole. */
const extentOf = (bytes: Buffer): { begin: number; end: number } | undefined => {
  if (bytes.length < 2) return undefined;
  const short = bytes[1] ?? 0;
  const begin = short === EIGHT_BYTES ? 10 : short === TWO_BYTES ? 4 : 2;
  if (bytes.length < begin) return undefined;
  const size =
    short === EIGHT_BYTES ? Number(bytes.readBigUInt64BE(2)) : short === TWO_BYTES ? bytes.readUInt16BE(2) : short;
  return bytes.length < begin + size ? undefined : { begin, end: begin + size };
};

/** Passes on what a server says, its text frames sabotaged, all else as it is. */
const meddle = (from: Socket, to: Socket, sabotage: () => Sabotage): void => {
  let left: Buffer = Buffer.alloc(0);
  let opened = false;
  const take = (size: number): Buffer => {
    const taken = left.subarray(0, size);
    left = left.subarray(size);
    return taken;
  };
  from.on("data", (chunk: Buffer) => {
    left = Buffer.concat([left, chunk]);
    if (!opened) {
      const end = left.indexOf(HEAD_END);
      if (end < 0) return;
      to.write(take(end + HEAD_END.length));
      opened = true;
    }
    for (let extent = extentOf(left); extent; extent = extentOf(left)) {
      const frame = take(extent.end);
      const isText = ((frame[0] ?? 0) & 0x0f) === TEXT;
      if (!isText) to.write(frame);
      else for (const text of sabotage()(frame.subarray(extent.begin).toString())) to.write(encoded(text));
    }
  });
};

/** Stands between clients and a server, byte by byte, and changes what the server says. */
export class Saboteur {
  private constructor(
    private readonly server: Server,
    private readonly sockets: Set<Socket>,
    private readonly path: string,
  ) {}

  /** @param sabotage asked anew for each frame */
  static async start(target: string, sabotage: () => Sabotage): Promise<Saboteur> {
    const { hostname, port, pathname } = new URL(target);
    const sockets = new Set<Socket>();
    const server = createServer((client) => {
      const upstream = connect(Number(port), hostname);
      for (const [socket, other] of [
        [client, upstream],
        [upstream, client],
      ] as const) {
        sockets.add(socket);
        socket.on("error", () => other.destroy());
        socket.on("close", () => sockets.delete(socket) && other.end());
      }
      client.pipe(upstream);
      meddle(upstream, client, sabotage);
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    return new Saboteur(server, sockets, pathname);
  }

  /** The URL at which clients connect instead. */
  get url(): string {
    return `ws://127.0.0.1:${(this.server.address() as AddressInfo).port}${this.path}`;
  }

  /** Cuts everybody off. */
  async close(): Promise<void> {
    const closed = once(this.server, "close");
    this.server.close();
    for (const socket of this.sockets) socket.destroy();
    await closed;
  }
}
