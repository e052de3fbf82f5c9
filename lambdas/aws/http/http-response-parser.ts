/** Maximum bytes of a response's status line and headers. */
const HEAD_BYTES = 64 * 1024;

const HEAD_END = "\r\n\r\n";

/** Headers by lower-case name; repeated headers are joined, as HTTP requires. */
export type ResponseHeaders = Readonly<Record<string, string>>;

/** The received bytes are not HTTP/1.1. */
export class HttpParseError extends Error {}

/**
 * Parses an HTTP/1.1 response while it comes: with a length, in chunks, or until the connection ends. A service's
 * response to a post is a few headers without a body, in one piece. It is parsed in one step, and headers only when
 * they are read.
 * @see https://www.rfc-editor.org/rfc/rfc9112
 */
export class HttpResponseParser {
  /** 0 until the head has come. */
  status = 0;
  /** Whether another request may follow on the same connection. */
  isReusable = true;
  /** Whether any of it has come. */
  hasStarted = false;
  #head = "";
  /** The bytes of an incomplete head, or of a chunk's size. */
  #pending: Buffer | undefined;
  readonly #body: Buffer[] = [];
  /** Missing bytes of the body, or of a chunk; `Infinity`: until the connection ends. */
  #left = 0;
  #chunked = false;
  /** Whether the last chunk has come: then trailers follow, and an empty line. */
  #trailing = false;

  /**
   * Parses the next piece.
   * @returns whether the response is complete
   * @throws HttpParseError
   */
  push(piece: Buffer): boolean {
    this.hasStarted = true;
    let bytes = this.#pending ? Buffer.concat([this.#pending, piece]) : piece;
    this.#pending = undefined;
    while (this.status === 0) {
      const end = bytes.indexOf(HEAD_END, 0, "latin1");
      if (end < 0) return this.#wait(bytes);
      this.#readHead(bytes.toString("latin1", 0, end));
      bytes = bytes.subarray(end + HEAD_END.length);
    }
    return this.#chunked ? this.#readChunks(bytes) : this.#read(bytes);
  }

  /**
   * Handles the end of the connection.
   * @returns whether that completes the response
   */
  end(): boolean {
    return this.status !== 0 && !this.#chunked && this.#left === Infinity;
  }

  get headers(): ResponseHeaders {
    const headers: Record<string, string> = {};
    for (const line of this.#head.split("\r\n").slice(1)) {
      const colon = line.indexOf(":");
      const name = line.slice(0, colon).toLowerCase();
      const value = line.slice(colon + 1).trim();
      headers[name] = Object.hasOwn(headers, name) ? `${headers[name]}, ${value}` : value;
    }
    return headers;
  }

  get body(): string {
    return this.#body.length === 0 ? "" : Buffer.concat(this.#body).toString();
  }

  #wait(bytes: Buffer): false {
    if (bytes.length > HEAD_BYTES) throw new HttpParseError(`the response's head is longer than ${HEAD_BYTES} bytes`);
    this.#pending = bytes;
    return false;
  }

  #readHead(head: string): void {
    const status = Number(/^HTTP\/1\.[01] ([1-5]\d\d)(?: |\r|$)/.exec(head)?.[1]);
    if (!status) throw new HttpParseError("the response is not HTTP/1.1");
    // An interim response: the response itself follows.
    if (status < 200) return;
    this.status = status;
    this.#head = head;
    const lower = head.toLowerCase();
    this.isReusable = lower.startsWith("http/1.1") && !valueOf(lower, "connection").includes("close");
    if (status === 204 || status === 304) return;
    this.#chunked = valueOf(lower, "transfer-encoding").includes("chunked");
    const length = valueOf(lower, "content-length");
    if (!this.#chunked && length !== "" && !/^\d+$/.test(length))
      throw new HttpParseError(`invalid Content-Length: "${length}"`);
    if (!this.#chunked) this.#left = length === "" ? Infinity : Number(length);
    if (this.#left === Infinity) this.isReusable = false;
  }

  #read(bytes: Buffer): boolean {
    if (bytes.length > this.#left) this.isReusable = false;
    if (this.#left > 0 && bytes.length > 0) {
      this.#body.push(bytes.subarray(0, this.#left));
      this.#left = Math.max(0, this.#left - bytes.length);
    }
    return this.#left === 0;
  }

  #readChunks(bytes: Buffer): boolean {
    for (let rest = bytes; ;) {
      if (this.#left > 0) {
        const part = rest.subarray(0, this.#left);
        this.#body.push(part);
        this.#left -= part.length;
        rest = rest.subarray(part.length);
        if (this.#left > 0) return false;
      }
      const end = rest.indexOf("\r\n", 0, "latin1");
      if (end < 0) return this.#wait(rest);
      const line = rest.toString("latin1", 0, end);
      rest = rest.subarray(end + 2);
      if (this.#trailing && line === "") {
        if (rest.length > 0) this.isReusable = false;
        return true;
      }
      // An empty line ends the last chunk.
      if (!this.#trailing && line !== "") this.#beginChunk(line);
    }
  }

  #beginChunk(line: string): void {
    const size = /^[\da-f]+/i.exec(line)?.[0];
    if (size === undefined) throw new HttpParseError(`invalid chunk size: "${line}"`);
    this.#left = parseInt(size, 16);
    this.#trailing = this.#left === 0;
  }
}

/** A header's value in a lower-case head; empty if it is missing. */
const valueOf = (head: string, name: string): string => {
  const at = head.indexOf(`\r\n${name}:`);
  if (at < 0) return "";
  const end = head.indexOf("\r\n", at + 2);
  return head.slice(at + name.length + 3, end < 0 ? head.length : end).trim();
};
