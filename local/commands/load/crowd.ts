import { setTimeout as sleep } from "node:timers/promises";
import { WebSocket } from "ws";
import { PushIt } from "push-it-client";
import type { LoadPlan } from "./arguments.js";
import { RAMP_PER_SECOND, READY_MS } from "./limits.js";

/** Told of each copy of a message that the server sends: the SDK would drop the second. */
export type OnCopy = (uuid: string, channel: string) => void;

/** A WebSocket class that tells of messages before the SDK sees them. */
const tapped = (onCopy: OnCopy): typeof WebSocket =>
  class Tapped extends WebSocket {
    constructor(url: string, protocols: string[]) {
      super(url, protocols, { perMessageDeflate: false });
      this.on("message", (data: Buffer) => {
        const text = data.toString();
        if (text === "") return;
        for (const { uuid, channel, data: content } of [
          JSON.parse(text) as { uuid?: string; channel?: string; data?: unknown },
        ].flat()) {
          if (uuid !== undefined && channel !== undefined && content !== undefined) onCopy(uuid, channel);
        }
      });
    }
  } as typeof WebSocket;

/** A connection that the server does not want. */
class Unwelcome extends Error {
  override name = "Unwelcome";
}

/** The clients of a load. */
export class Crowd {
  readonly #clients: PushIt[] = [];
  #reconnections = 0;

  constructor(private readonly plan: Pick<LoadPlan, "url" | "credentials">) {}

  /** How often a client lost its connection. */
  get reconnections(): number {
    return this.#reconnections;
  }

  /**
   * Connects one more client.
   * @throws Unwelcome if it is denied, or not connected in time
   */
  connect(onCopy: OnCopy = () => undefined): Promise<PushIt> {
    const { url, credentials } = this.plan;
    const client = new PushIt({ url, credentials, WebSocket: tapped(onCopy) });
    this.#clients.push(client);
    return new Promise((resolve, reject) => {
      const timer = setTimeout(
        () => reject(new Unwelcome(`a client was not connected within ${READY_MS / 1000} s`)),
        READY_MS,
      );
      let connected = false;
      client.on("state", ({ state, previous, code, reason }) => {
        if (state === "denied") reject(new Unwelcome(`the server denies the connection (${code}): ${reason}`));
        if (state === "connected" && !connected) resolve(client);
        if (previous === "connected" && state === "connecting") this.#reconnections += 1;
        if (state === "connected" || state === "denied") clearTimeout(timer);
        connected ||= state === "connected";
      });
    });
  }

  /** Connects subscribers of a channel, some a second. */
  async subscribe(
    count: number,
    channel: string,
    onCopy: (uuid: string, client: number) => void,
    signal: AbortSignal,
    ready: (count: number) => void,
  ): Promise<void> {
    let done = 0;
    const one = async (at: number): Promise<void> => {
      await sleep((at * 1_000) / RAMP_PER_SECOND, undefined, { signal });
      const client = await this.connect((uuid, on) => (on === channel ? onCopy(uuid, at) : undefined));
      await client.channel(channel).subscribe();
      ready((done += 1));
    };
    await Promise.all(Array.from({ length: count }, (_, at) => one(at)));
  }

  /** Closes all connections. */
  end(): void {
    for (const client of this.#clients) client.disconnect();
  }
}
