import type { Credentials, Payload } from "./policy.js";

/** A place in a channel's history. */
export interface Position {
  epoch: string;
  offset: number;
}

/** When something happened. */
export interface Moment {
  /** Its number among everything that the journal holds: a later moment has a larger one. */
  at: number;
  /** The clock, in milliseconds. */
  ms: number;
}

/** What a publisher asked for, and what it was told. */
export interface Publication {
  uuid: string;
  channel: string;
  /** The publisher's name, and the number of its page. */
  by: string;
  page: number;
  data: Payload;
  /** When the application called `publish`. */
  begun: Moment;
  /** What the SDK told the application. */
  told?: Moment & { acknowledged: boolean; code?: string; position?: Position };
  /** How many frames with it the SDK has sent. */
  sent: number;
  /** The positions in the server's acknowledgements, as they came over the wire; `undefined`: one without a position. */
  acknowledgements: (Position | undefined)[];
}

/** A call of `subscribe` or `unsubscribe`. */
export interface Call {
  name: string;
  holder: number;
  call: number;
  turn: number;
}

/**
 * What an application did on a page, and what the SDK told it. `name` is a channel or a wildcard. A `holder` is what
 * subscribes: a component with a handle of its own, or 0 for the callback API.
 */
export type Entry = Moment &
  (
    | ({ is: "subscribe" } & Call)
    | ({ is: "unsubscribe" } & Call)
    | { is: "fulfilled"; call: number }
    | { is: "rejected"; call: number; code: string; retryable: boolean }
    | { is: "subscribed"; name: string; recovered?: boolean; code?: string }
    | { is: "unsubscribed"; name: string; code?: string }
    | { is: "state"; state: string; code: string }
    | { is: "rotated"; names: readonly string[] }
    | { is: "message"; channel: string; uuid: string; data: unknown; offset?: number }
    /** A component goes, which its own listener told `heard` messages, and the client's listener `told`. */
    | { is: "listened"; name: string; holder: number; heard: number; told: number }
    /** The page is left, with these positions; a channel without a position has `undefined`. */
    | { is: "left"; positions: Readonly<Record<string, Position | undefined>> }
  );

/** One of the entries. */
export type EntryOf<Is extends Entry["is"]> = Extract<Entry, { is: Is }>;

type WithoutMoment<Any> = Any extends Entry ? Omit<Any, keyof Moment> : never;

/** An entry before it has its moment. */
export type NewEntry = WithoutMoment<Entry>;

/** One SDK client of an application, from its first call to a reload or the end. */
export interface Page {
  who: Credentials;
  /** Pages of an application are counted from 0. */
  number: number;
  /** The positions that it began with, by channel. */
  since: Readonly<Record<string, Position>>;
  entries: Entry[];
}

/** One client of the run: its pages follow each other. */
export interface Application {
  who: Credentials;
  pages: Page[];
}

/** One post of a message to a connection. */
export interface Post {
  ms: number;
  /**
   * `clean`: nothing struck it; `lost`: the network said that it was delivered, and it was not; `failed`: the server knows
   * that it was not delivered; `denied`: the server was told that there is no such connection, and there was.
   */
  was: "clean" | "lost" | "failed" | "denied";
}

/** Messages on their way to a worker. */
interface Segment {
  sent: number;
  /** When a worker had dealt with it; absent: none has. */
  done?: number;
}

/** What is stored of a channel's message. */
export interface Stored {
  channel: string;
  epoch: string;
  uuid: string;
  offset: number;
}

/** What was asked for, told, posted and received, in one order: all of it happens in this process. */
export class Journal {
  readonly publications = new Map<string, Publication>();
  readonly applications: Application[] = [];
  readonly #posts = new Map<string, Map<string, Post[]>>();
  readonly #owners = new Map<string, string>();
  readonly #denials = new Map<string, number[]>();
  readonly #segments = new Map<string, Segment>();
  readonly #segmentsOf = new Map<string, Segment[]>();
  #time = 0;
  #calls = 0;
  #turns = 0;

  /** @param clock in milliseconds */
  constructor(private readonly clock: () => number = () => performance.now()) {}

  /** This moment. */
  now(): Moment {
    this.#time += 1;
    return { at: this.#time, ms: this.clock() };
  }

  /** A number for a call that may be answered. */
  call(): number {
    return (this.#calls += 1);
  }

  /** A number for calls that are made in one turn. */
  turn(): number {
    return (this.#turns += 1);
  }

  /** A publication begins. */
  begin(publication: Pick<Publication, "uuid" | "channel" | "by" | "data" | "page">): Publication {
    const begun: Publication = { ...publication, begun: this.now(), sent: 0, acknowledgements: [] };
    this.publications.set(begun.uuid, begun);
    return begun;
  }

  /** An application begins its first page, or its next one. */
  page(who: Credentials, since: Page["since"] = {}): Page {
    let application = this.applications.find((each) => each.who.name === who.name);
    if (!application) this.applications.push((application = { who, pages: [] }));
    const page: Page = { who, number: application.pages.length, since, entries: [] };
    application.pages.push(page);
    return page;
  }

  /** Writes an entry down. */
  note(page: Page, entry: NewEntry): Entry {
    const noted = { ...this.now(), ...entry };
    page.entries.push(noted);
    return noted;
  }

  /** A connection belongs to an application. */
  owns(connection: string, name: string): void {
    this.#owners.set(connection, name);
  }

  /** Whom a connection belongs to. */
  owner(connection: string): string | undefined {
    return this.#owners.get(connection);
  }

  /** A message was posted to a connection. */
  posted(connection: string, channel: string, uuid: string, was: Post["was"]): void {
    const key = `${channel} ${uuid}`;
    let posts = this.#posts.get(key);
    if (!posts) this.#posts.set(key, (posts = new Map<string, Post[]>()));
    const mine = posts.get(connection);
    const post: Post = { ms: this.clock(), was };
    if (mine) mine.push(post);
    else posts.set(connection, [post]);
    if (was === "denied") this.#denials.set(connection, [...(this.#denials.get(connection) ?? []), post.ms]);
  }

  /** A segment was sent to the queue, with these messages. */
  queued(segment: string, messages: readonly { channel: string; uuid: string }[]): void {
    const queued: Segment = { sent: this.clock() };
    this.#segments.set(segment, queued);
    for (const { channel, uuid } of messages) {
      const key = `${channel} ${uuid}`;
      this.#segmentsOf.set(key, [...(this.#segmentsOf.get(key) ?? []), queued]);
    }
  }

  /** A worker has dealt with a segment. */
  delivered(segment: string): void {
    const known = this.#segments.get(segment);
    if (known) known.done ??= this.clock();
  }

  /** Whether a segment with a message waited for a worker, or kept one busy, at a time. */
  isWaiting(channel: string, uuid: string, ms: number): boolean {
    return (this.#segmentsOf.get(`${channel} ${uuid}`) ?? []).some(
      ({ sent, done }) => sent <= ms && (done ?? Infinity) > ms,
    );
  }

  /** When the server was told that an application's connection is gone, although it was not. */
  denialsOf(name: string): number[] {
    return [...this.#denials].flatMap(([connection, each]) => (this.#owners.get(connection) === name ? each : []));
  }

  /** The posts of a message to an application, whichever connection they went to. */
  postsTo(name: string, channel: string, uuid: string): Post[] {
    const posts = this.#posts.get(`${channel} ${uuid}`) ?? new Map<string, Post[]>();
    return [...posts].flatMap(([connection, each]) => (this.#owners.get(connection) === name ? each : []));
  }
}
