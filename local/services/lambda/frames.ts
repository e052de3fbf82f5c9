import { readSync, writeSync } from "node:fs";

/*
 * The messages between a function's process and the runtime: JSON, each after its length in bytes (32 bits,
 * big-endian). The process's side is synchronous on purpose: while it waits for an event, its event loop must not turn,
 * as in a frozen Lambda environment.
 */

/** Bytes of the length that precedes each frame. */
const HEADER_BYTES = 4;

/** The file descriptors of a function's process: events come in on one, and everything goes out on the other. */
export const EVENTS_FD = 3;
export const RESULTS_FD = 4;

/** One value as a frame. */
export const encodeFrame = (value: unknown): Buffer => {
  const body = Buffer.from(JSON.stringify(value), "utf8");
  const frame = Buffer.allocUnsafe(HEADER_BYTES + body.length);
  frame.writeUInt32BE(body.length, 0);
  body.copy(frame, HEADER_BYTES);
  return frame;
};

/** Cuts a stream of bytes, in whatever pieces it arrives, into the values that were framed. */
export class FrameReader<T> {
  #chunks: Buffer[] = [];
  #length = 0;

  /** The values that `chunk` completes. */
  push(chunk: Buffer): T[] {
    this.#chunks.push(chunk);
    this.#length += chunk.length;
    const values: T[] = [];
    for (
      let size = this.#nextSize();
      size !== undefined && this.#length >= HEADER_BYTES + size;
      size = this.#nextSize()
    ) {
      values.push(JSON.parse(this.#take(HEADER_BYTES + size).toString("utf8", HEADER_BYTES)) as T);
    }
    return values;
  }

  #nextSize(): number | undefined {
    if (this.#length < HEADER_BYTES) return undefined;
    if (this.#chunks[0]!.length < HEADER_BYTES) this.#chunks = [Buffer.concat(this.#chunks)];
    return this.#chunks[0]!.readUInt32BE(0);
  }

  #take(bytes: number): Buffer {
    const all = this.#chunks.length === 1 ? this.#chunks[0]! : Buffer.concat(this.#chunks);
    this.#chunks = all.length > bytes ? [all.subarray(bytes)] : [];
    this.#length = all.length - bytes;
    return all.subarray(0, bytes);
  }
}

/**
 * Blocks the thread until the next frame is there.
 * @returns its value; `undefined` once the other side has closed
 */
export const readFrameSync = <T>(fd: number): T | undefined => {
  const header = readExactly(fd, HEADER_BYTES);
  const body = header && readExactly(fd, header.readUInt32BE(0));
  return body && (JSON.parse(body.toString("utf8")) as T);
};

/** Blocks the thread until the other side has taken the whole frame. */
export const writeFrameSync = (fd: number, value: unknown): void => {
  const frame = encodeFrame(value);
  for (let sent = 0; sent < frame.length;) sent += retryWhileBusy(() => writeSync(fd, frame, sent));
};

const readExactly = (fd: number, bytes: number): Buffer | undefined => {
  const buffer = Buffer.allocUnsafe(bytes);
  for (let have = 0; have < bytes;) {
    const count = retryWhileBusy(() => readSync(fd, buffer, have, bytes - have, null));
    if (count === 0) return undefined;
    have += count;
  }
  return buffer;
};

/** Retries a call while the pipe is busy: a function may have made the pipe non-blocking. */
const retryWhileBusy = (call: () => number): number => {
  for (;;) {
    try {
      return call();
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EAGAIN") throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1);
    }
  }
};
