import { createRequire } from "node:module";
import { join } from "node:path";
import WebSocket from "ws";
import { PushIt, type PushItOptions } from "push-it-client";
import { Waiting } from "../../e2e/support/waiting.js";

/** One channel of each kind. */
export const CHANNELS = {
  plain: "plain",
  room: "rooms/a",
  kept: "kept/a",
  latest: "stocks/a",
  lingering: "busy/a",
  sharded: "crowds/a",
  wildcard: "news/1",
} as const;

/** What somebody subscribes to in order to receive what is published on those. */
const SUBSCRIBED: readonly string[] = [
  ...Object.values(CHANNELS).filter((name) => name !== CHANNELS.wildcard),
  "news/*",
];

/** Channels whose messages arrive in the order of their offsets. */
const ORDERED: readonly string[] = [CHANNELS.room, CHANNELS.kept];

/** Who comes and goes is told at once, not by the run of the next minute, which would make up for a lost one. */
const PROMPT_MS = 25_000;

/** A version of the client. */
export interface Version {
  name: string;
  PushIt: typeof PushIt;
}

/** The client of now. */
export const NOW: Version = { name: "now", PushIt };

/** The packed client of a release that is unpacked in a folder. */
export const clientOf = (folder: string, name: string): Version => {
  const required = createRequire(__filename)(join(folder, "client/dist/cjs/index.js")) as Pick<Version, "PushIt">;
  return { name, PushIt: required.PushIt };
};

interface Received {
  channel: string;
  uuid: string;
  data: unknown;
  offset?: number;
}

/** A client of some version that stays connected, and what it receives. */
export class Party {
  readonly client: PushIt;
  readonly received: Received[] = [];
  /** Users that came to the room, and that left it. */
  readonly joined = new Set<string>();
  readonly left = new Set<string>();
  /** What should not have happened. */
  readonly wrong: string[] = [];
  readonly userId: string;
  readonly #sockets: WebSocket[] = [];
  readonly #waiting = new Waiting();
  readonly #attending = new Waiting(PROMPT_MS);
  /** Channels that have been subscribed since the connection was cut. */
  readonly #subscribed = new Set<string>();

  constructor(
    readonly version: Version,
    url: string,
    options: Partial<PushItOptions> & { userId?: string } = {},
  ) {
    const { userId = version.name, ...more } = options;
    this.userId = userId;
    const sockets = this.#sockets;
    class Noted extends WebSocket {
      constructor(address: string, protocols: string[]) {
        super(address, protocols);
        sockets.push(this);
      }
    }
    const credentials = () => ({ userId, name: userId });
    // Pings often, so that each function meets some.
    const often = { pingInterval: 1_000, checkInterval: 1_000, retryBase: 20 };
    this.client = new version.PushIt({ url, WebSocket: Noted, credentials, channels: SUBSCRIBED, ...often, ...more });
    this.#listen();
  }

  /** Resolves when all channels are subscribed. */
  ready(): Promise<unknown> {
    return this.#waiting.until(
      () => SUBSCRIBED.every((channel) => this.#subscribed.has(channel)),
      () => this.#say("is subscribed to all channels"),
    );
  }

  /** Resolves when all these messages have been received. */
  hears(uuids: Iterable<string>, what = ""): Promise<unknown> {
    const missing = (): string[] => [...uuids].filter((uuid) => !this.received.some((each) => each.uuid === uuid));
    return this.#waiting.until(
      () => missing().length === 0,
      () => this.#say(`receives ${missing().join(", ")} ${what}`),
    );
  }

  /** Resolves when this party has been told that somebody has come to the room, or has left it. */
  sees(userId: string, what: "joined" | "left"): Promise<unknown> {
    return this.#attending.until(
      () => this[what].has(userId),
      () => this.#say(`sees that ${userId} ${what}`),
    );
  }

  /** Cuts the connection, as a network does. The client comes back by itself. */
  cut(): void {
    this.#subscribed.clear();
    this.#sockets.at(-1)?.terminate();
  }

  /** Messages that were received more than once, and such as came out of order. */
  get disorder(): string[] {
    const { received } = this;
    const uuids = received.map(({ uuid }) => uuid);
    const twice = uuids.filter((uuid, at) => uuids.indexOf(uuid) !== at).map((uuid) => `${uuid} twice`);
    const late = ORDERED.flatMap((channel) => {
      const offsets = received.filter((each) => each.channel === channel).map(({ offset = 0 }) => offset);
      return offsets.flatMap((offset, at) => (offset > (offsets[at - 1] ?? 0) ? [] : [`${channel} ${offset} late`]));
    });
    return [...twice, ...late];
  }

  /** What was received on a channel. */
  on(channel: string): Received[] {
    return this.received.filter((each) => each.channel === channel);
  }

  #listen(): void {
    const { client } = this;
    const noting =
      <Value>(note: (value: Value) => void) =>
      (value: Value): void => {
        note(value);
        this.#waiting.notify();
        this.#attending.notify();
      };
    client.on(
      "message",
      noting(
        ({ channel, uuid, data, offset }) =>
          void this.received.push({ channel, uuid, data, ...(offset !== undefined && { offset }) }),
      ),
    );
    client.on(
      "join",
      noting(({ userId }) => userId !== undefined && this.joined.add(userId)),
    );
    client.on(
      "leave",
      noting(({ userId }) => userId !== undefined && this.left.add(userId)),
    );
    client.on(
      "error",
      noting((error) => void this.wrong.push(`${error.code}: ${error.message}`)),
    );
    client.on(
      "unsubscribed",
      noting(({ channel, error }) => error && this.wrong.push(`${channel}: ${error.message}`)),
    );
    client.on(
      "subscribed",
      noting(({ channel, recovered, code }) => {
        this.#subscribed.add(channel);
        if (recovered === false) this.wrong.push(`${channel} is not recovered: ${code}`);
      }),
    );
  }

  #say(what: string): string {
    return `${this.userId} ${what}; ${this.client.state}, wrong: ${this.wrong.join("; ")}`;
  }
}
