/** Called with a frame's header. `opcode` is RFC 6455's: 0 continuation, 1 text, 2 binary, 8 and above control. */
export type OnFrame = (opcode: number, bytes: number) => void;

const MASK_BYTES = 4;
const SHORT = 126;
const LONG = 127;

/**
 * Parses the headers of the frames in a client's byte stream. API Gateway limits single frames, but the `ws` library
 * reports whole messages only. So this parser reads the same bytes, and stores only an incomplete header.
 */
export class FrameHeaderParser {
  readonly #header = Buffer.alloc(10);
  #have = 0;
  #skip = 0;

  constructor(private readonly onFrame: OnFrame) {}

  /** Takes the next bytes from the socket. */
  push(chunk: Buffer): void {
    let at = 0;
    while (at < chunk.length) {
      if (this.#skip > 0) {
        const step = Math.min(this.#skip, chunk.length - at);
        this.#skip -= step;
        at += step;
      } else {
        this.#header[this.#have++] = chunk[at++] ?? 0;
        if (this.#have >= 2 && this.#have === this.#size()) this.#complete();
      }
    }
  }

  #length(): number {
    return (this.#header[1] ?? 0) & 0x7f;
  }

  #size(): number {
    const length = this.#length();
    return length === LONG ? 10 : length === SHORT ? 4 : 2;
  }

  #complete(): void {
    const short = this.#length();
    const bytes =
      short === LONG ? Number(this.#header.readBigUInt64BE(2)) : short === SHORT ? this.#header.readUInt16BE(2) : short;
    const masked = ((this.#header[1] ?? 0) & 0x80) !== 0;
    const opcode = (this.#header[0] ?? 0) & 0x0f;
    this.#have = 0;
    this.#skip = bytes + (masked ? MASK_BYTES : 0);
    this.onFrame(opcode, bytes);
  }
}
