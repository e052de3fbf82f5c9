import { createHash } from "node:crypto";

/**
 * A frame as it is posted: encoded and hashed once, however many connections it goes to, and only if it goes to one.
 */
export class Frame {
  /** The frame as it was built: one object or an array of them, as JSON. */
  readonly text: string;
  #latin1: string | undefined;
  #sha256: string | undefined;

  constructor(text: string) {
    this.text = text;
  }

  /**
   * Its bytes of UTF-8, one character a byte. The encoding `latin1` writes it together with the headers of its request, so
   * it is not encoded again for each recipient.
   */
  get latin1(): string {
    return (this.#latin1 ??= Buffer.from(this.text).toString("latin1"));
  }

  /** SHA-256 of its bytes, in hexadecimal, as signatures need it. */
  get sha256(): string {
    return (this.#sha256 ??= createHash("sha256").update(this.text).digest("hex"));
  }
}
