import type { Json, Message } from "../../../protocol/index.js";
import type { Agent } from "../../../lambdas/connection/agent.js";
import {
  decodeSegment,
  encodeSegment,
  type Segment,
  type SegmentQueuePort,
} from "../../../lambdas/delivery/segments.js";
import type { Frame } from "../../../lambdas/delivery/frame.js";
import type { Clock, Connections, Log, PostResult } from "../../../lambdas/ports.js";

/** The start time of tests, in epoch milliseconds. */
export const NOW = Date.UTC(2030, 0, 1);

/** An agent that connected ten minutes ago. */
export const agentOf = (connectionId: string, more: Partial<Agent> = {}): Agent => ({
  uuid: `uuid-of-${connectionId}`,
  connectionId,
  connectedAt: NOW - 600_000,
  sourceIp: "203.0.113.7",
  userAgent: "test",
  ...more,
});

export const messageOf = (channel: string, data: Json = "hello", uuid = "m1"): Message => ({ channel, uuid, data });

/** The same message as its subscribers receive it: with the time of its acceptance. */
export const deliveredOf = (channel: string, data?: Json, uuid?: string): Message => ({
  ...messageOf(channel, data, uuid),
  at: NOW,
});

/** A clock that stands still until code sleeps. It then jumps to the first wake-up, once no other work is left. */
export class TestClock implements Clock {
  #now = NOW;
  #sleepers: { at: number; wake: () => void }[] = [];
  /** Every requested sleep, in milliseconds. */
  readonly sleeps: number[] = [];
  chance = 0.5;

  now(): number {
    return this.#now;
  }

  random(): number {
    return this.chance;
  }

  advance(milliseconds: number): void {
    this.#now += milliseconds;
  }

  sleep(milliseconds: number): Promise<void> {
    this.sleeps.push(milliseconds);
    return new Promise((wake) => {
      this.#sleepers.push({ at: this.#now + milliseconds, wake });
      setImmediate(() => this.#wakeNext());
    });
  }

  #wakeNext(): void {
    const [next] = this.#sleepers.sort((a, b) => a.at - b.at).splice(0, 1);
    if (!next) return;
    this.#now = Math.max(this.#now, next.at);
    next.wake();
  }
}

export interface Logged {
  level: keyof Log;
  event: string;
  fields: Record<string, unknown>;
}

/** A log that records its entries. */
export class TestLog implements Log {
  readonly entries: Logged[] = [];
  readonly debug = this.#at("debug");
  readonly info = this.#at("info");
  readonly warn = this.#at("warn");
  readonly error = this.#at("error");

  #at(level: keyof Log) {
    return (event: string, fields: Record<string, unknown> = {}): void =>
      void this.entries.push({ level, event, fields });
  }

  events(level?: keyof Log): string[] {
    return this.entries.filter((entry) => level === undefined || entry.level === level).map(({ event }) => event);
  }

  of(event: string): Record<string, unknown>[] {
    return this.entries.filter((entry) => entry.event === event).map(({ fields }) => fields);
  }
}

/** The results of posts to one connection: one per attempt (the last one repeats), or a function. */
export type PostScript = PostResult[] | (() => Promise<PostResult>);

/** API Gateway's connections with scripted results. Posts to connections without a script succeed. */
export class TestConnections implements Connections {
  readonly posts: { connectionId: string; frame: string; at: number }[] = [];
  readonly closed: string[] = [];
  readonly scripts = new Map<string, PostScript>();
  /** Connections that API Gateway does not close. */
  readonly unclosable = new Set<string>();
  inFlight = 0;
  mostInFlight = 0;
  readonly #clock: Pick<Clock, "now">;
  readonly #calls: string[] | undefined;

  constructor(clock: Pick<Clock, "now">, calls?: string[]) {
    this.#clock = clock;
    this.#calls = calls;
  }

  async post(connectionId: string, { text: frame }: Frame): Promise<PostResult> {
    const attempt = this.to(connectionId).length;
    this.posts.push({ connectionId, frame, at: this.#clock.now() });
    this.mostInFlight = Math.max(this.mostInFlight, (this.inFlight += 1));
    const script = this.scripts.get(connectionId) ?? ["sent"];
    try {
      return typeof script === "function" ? await script() : (script[Math.min(attempt, script.length - 1)] ?? "sent");
    } finally {
      this.inFlight -= 1;
    }
  }

  async close(connectionId: string): Promise<boolean> {
    this.#calls?.push(`close ${connectionId}`);
    if (this.unclosable.has(connectionId)) return false;
    this.closed.push(connectionId);
    return Promise.resolve(true);
  }

  /** The frames that were posted to a connection, attempts that failed included. */
  to(connectionId: string): string[] {
    return this.posts.filter((post) => post.connectionId === connectionId).map(({ frame }) => frame);
  }

  /** The messages and replies in those frames. */
  received(connectionId: string): unknown[] {
    return this.to(connectionId).flatMap((frame) => JSON.parse(frame) as unknown);
  }
}

/** A queue of segments that records them, and refuses segments by a condition. */
export class TestSegments implements SegmentQueuePort {
  readonly sent: { segment: Segment; delaySeconds: number }[] = [];
  refuses: (segment: Segment) => boolean = () => false;

  async send(segments: readonly Segment[], delaySeconds = 0): Promise<Segment[]> {
    const refused = segments.filter(this.refuses);
    // The segment as a worker would receive it.
    for (const segment of segments) {
      if (!refused.includes(segment)) this.sent.push({ segment: decodeSegment(encodeSegment(segment)), delaySeconds });
    }
    return Promise.resolve(refused);
  }

  /** The connection ids of the recipients in the segments. */
  get ids(): string[] {
    return this.sent.flatMap(({ segment: { recipients } }) =>
      "after" in recipients ? [] : recipients.map(({ connectionId }) => connectionId),
    );
  }
}
