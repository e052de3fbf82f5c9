import { setTimeout as sleep } from "node:timers/promises";
import { WebSocket } from "ws";
import { SUBPROTOCOL } from "../../../protocol/index.js";

/** The current counts of a pool. */
export interface PoolState {
  /** Open connections. */
  open: number;
  published: number;
  acknowledged: number;
  /** Received messages, each counted once. */
  received: number;
  /** Repeated messages: delivery is at least once. */
  repeated: number;
  /** Errors by kind: a refused handshake, a closed connection, an error reply. */
  errors: Record<string, number>;
}

/** Connections of one channel. The first of them is subscribed to it. */
export const CONNECTIONS_PER_CHANNEL = 100;

/** Parallel connects. Each makes the runtime start one more environment of a function. */
const AT_ONCE = 16;

/** Maximum connects per second: the throttle of the load's stack. */
const CONNECTS_PER_SECOND = 400;

/** Interval of each connection's publications, in milliseconds. */
export const PUBLISH_INTERVAL_MS = 60_000;

/** Maximum time for replies and messages after the last publication, in milliseconds. */
const DRAIN_MS = 15_000;

const DRAIN_STEP_MS = 20;

interface Frame {
  channel?: string;
  uuid?: string;
  successful?: boolean;
  code?: string;
}

/** Many connections without the SDK: sockets with the necessary part of the protocol. */
export class RawClientPool {
  readonly #url: string;
  readonly #sockets: WebSocket[] = [];
  readonly #waiting = new Map<string, () => void>();
  readonly #errors: Record<string, number> = {};
  #published = 0;
  #acknowledged = 0;
  readonly #received = new Set<string>();
  #repeated = 0;
  #ending = false;

  constructor(url: string) {
    this.#url = url;
  }

  /** The current counts. */
  get state(): PoolState {
    return {
      open: this.#sockets.filter(({ readyState }) => readyState === WebSocket.OPEN).length,
      published: this.#published,
      acknowledged: this.#acknowledged,
      received: this.#received.size,
      repeated: this.#repeated,
      errors: this.#errors,
    };
  }

  /** Opens more connections. A failed connect is an error and is not retried. */
  async connect(count: number): Promise<void> {
    const begun = performance.now();
    let next = 0;
    const work = async (): Promise<void> => {
      while (next < count) {
        const wait = begun + (next * 1000) / CONNECTS_PER_SECOND - performance.now();
        next += 1;
        if (wait > 0) await sleep(wait);
        await this.#open();
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, work));
  }

  /** Subscribes the first connection of each channel to it. */
  async subscribe(): Promise<void> {
    for (let at = 0; at < this.#sockets.length; at += CONNECTIONS_PER_CHANNEL) {
      const answered = new Promise<void>((resolve) => this.#waiting.set(`s${at}`, resolve));
      this.#send(at, {
        action: "subscribe",
        channel: "/meta/subscribe",
        uuid: `s${at}`,
        data: { channel: channelOf(at) },
      });
      const late = new AbortController();
      await Promise.race([answered, sleep(DRAIN_MS, undefined, { signal: late.signal }).catch(() => undefined)]);
      late.abort();
      if (this.#waiting.delete(`s${at}`)) this.#countError("unanswered");
    }
  }

  /** Each connection publishes once a minute, spread evenly. Then waits until all replies and messages have arrived. */
  async hold(seconds: number): Promise<void> {
    const each = PUBLISH_INTERVAL_MS / this.#sockets.length;
    const begun = performance.now();
    const count = Math.floor((seconds * 1000) / each);
    for (let n = 0; n < count; n += 1) {
      const wait = begun + n * each - performance.now();
      if (wait > 0) await sleep(wait);
      this.#publish(n);
    }
    await sleep(Math.max(0, begun + seconds * 1000 - performance.now()));
    const late = performance.now() + DRAIN_MS;
    while (!this.#isDrained && performance.now() < late) await sleep(DRAIN_STEP_MS);
    for (let unanswered = this.#waiting.size; unanswered > 0; unanswered -= 1) this.#countError("unanswered");
    this.#waiting.clear();
    for (let lost = this.#acknowledged - this.#received.size; lost > 0; lost -= 1) this.#countError("not received");
  }

  /** Ends all connections. */
  end(): void {
    this.#ending = true;
    for (const socket of this.#sockets) socket.terminate();
  }

  /** Whether all replies and messages have arrived. */
  get #isDrained(): boolean {
    return this.#waiting.size === 0 && this.#received.size >= this.#acknowledged;
  }

  #publish(n: number): void {
    const at = n % this.#sockets.length;
    const uuid = `p${n}`;
    this.#waiting.set(uuid, () => (this.#acknowledged += 1));
    this.#published += 1;
    this.#send(at, { action: "publish", channel: channelOf(at), uuid, data: n });
  }

  #send(at: number, frame: object): void {
    const socket = this.#sockets[at];
    if (socket?.readyState === WebSocket.OPEN) socket.send(JSON.stringify(frame));
  }

  #open(): Promise<void> {
    return new Promise((resolve) => {
      const socket = new WebSocket(this.#url, SUBPROTOCOL, { perMessageDeflate: false });
      socket.on("open", () => {
        this.#sockets.push(socket);
        resolve();
      });
      socket.on("error", (error) => {
        this.#countError(`socket: ${error.message}`);
        resolve();
      });
      socket.on("close", (code) => {
        if (!this.#ending && this.#sockets.includes(socket)) this.#countError(`closed: ${code}`);
      });
      socket.on("message", (data: Buffer) => this.#receive(data.toString()));
    });
  }

  #receive(text: string): void {
    if (text === "") return;
    const frames = JSON.parse(text) as Frame | Frame[];
    for (const frame of Array.isArray(frames) ? frames : [frames]) this.#handleFrame(frame);
  }

  #handleFrame({ channel, uuid = "", successful, code }: Frame): void {
    if (channel?.startsWith("room/")) {
      if (this.#received.has(uuid)) this.#repeated += 1;
      this.#received.add(uuid);
      return;
    }
    const answered = this.#waiting.get(uuid);
    this.#waiting.delete(uuid);
    if (successful) answered?.();
    else this.#countError(`answer: ${code ?? "of the gateway"}`);
  }

  #countError(kind: string): void {
    this.#errors[kind] = (this.#errors[kind] ?? 0) + 1;
  }
}

const channelOf = (at: number): string => `room/${Math.floor(at / CONNECTIONS_PER_CHANNEL)}`;
