import type { Credentials, MemberState, Payload } from "./policy.js";

/** A position in a channel's history. */
export interface Position {
  epoch: string;
  offset: number;
}

/** The time of an event. */
export interface Moment {
  /** The number of the event in the journal: later events have larger numbers. */
  at: number;
  /** The clock, in milliseconds. */
  ms: number;
}

/** A publication and its answers. */
export interface Publication {
  uuid: string;
  channel: string;
  /** The publisher's name, and the number of its page. */
  by: string;
  page: number;
  data: Payload;
  /** When the application called `publish`. */
  begun: Moment;
  /** The answer of the SDK to the application. */
  result?: Moment & { acknowledged: boolean; code?: string; position?: Position };
  /** Number of frames with this publication that the SDK has sent. */
  sent: number;
  /**
   * The positions in the server's acknowledgements, as they came over the wire; `undefined`: an acknowledgement without
   * a position.
   */
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
 * An action of an application on a page, or an event of the SDK. `name` is a channel or a wildcard. `holder` identifies
 * the subscriber: a component with its own handle, or 0 for the callback API.
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
    /** A component was unmounted. How many messages its own listener received, and the client's listener. */
    | { is: "listened"; name: string; holder: number; byComponent: number; byClient: number }
    /** A component that requested the newest messages was unmounted. Which messages the two listeners received. */
    | {
        is: "listenedLast";
        name: string;
        holder: number;
        /** Whether its subscription was acknowledged. */
        isSubscribed: boolean;
        byComponent: readonly string[];
        byClient: readonly string[];
      }
    /** A call of `presence.set`. `null` removes the state. */
    | { is: "setState"; name: string; call: number; state: MemberState | null }
    /** An event of a member. */
    | { is: "member"; channel: string; event: "join" | "leave" | "change"; user: string; state?: unknown }
    /** The application requested the members of a channel, and got their states by user. */
    | { is: "asked"; channel: string; request: number }
    | { is: "members"; channel: string; request: number; states: Readonly<Record<string, unknown>> }
    /** The application left the page with these positions; `undefined`: the channel has no position. */
    | { is: "left"; positions: Readonly<Record<string, Position | undefined>> }
  );

/** An entry of one kind. */
export type EntryOf<Is extends Entry["is"]> = Extract<Entry, { is: Is }>;

type WithoutMoment<Any> = Any extends Entry ? Omit<Any, keyof Moment> : never;

/** An entry without its time. */
export type NewEntry = WithoutMoment<Entry>;

/** One SDK client of an application, from its first call to a reload or the end of the run. */
export interface Page {
  who: Credentials;
  /** The number of the page, from 0. */
  number: number;
  /** The initial positions by channel. */
  since: Readonly<Record<string, Position>>;
  entries: Entry[];
}

/** One application with its consecutive pages. */
export interface Application {
  who: Credentials;
  pages: Page[];
}

/** One post of a message to a connection. */
export interface Post {
  ms: number;
  /**
   * `clean`: no fault. `lost`: the gateway answered success and dropped the frame. `failed`: the server knows that it
   * failed. `denied`: the server got a 410 although the connection was open.
   */
  was: "clean" | "lost" | "failed" | "denied";
}

/** Messages in the queue. */
interface Segment {
  sent: number;
  /** When a worker finished it; absent: not yet. */
  done?: number;
}

/** A stored message. */
export interface Stored {
  channel: string;
  epoch: string;
  uuid: string;
  offset: number;
}

/** Requests, answers, posts and received messages in one order. All of them happen in this process. */
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

  /** The current time. */
  now(): Moment {
    this.#time += 1;
    return { at: this.#time, ms: this.clock() };
  }

  /** Returns a new call number. */
  call(): number {
    return (this.#calls += 1);
  }

  /** Returns a new turn number, for calls in the same turn. */
  turn(): number {
    return (this.#turns += 1);
  }

  /** Records the start of a publication. */
  begin(publication: Pick<Publication, "uuid" | "channel" | "by" | "data" | "page">): Publication {
    const begun: Publication = { ...publication, begun: this.now(), sent: 0, acknowledgements: [] };
    this.publications.set(begun.uuid, begun);
    return begun;
  }

  /** Records the start of an application's page. */
  page(who: Credentials, since: Page["since"] = {}): Page {
    let application = this.applications.find((each) => each.who.name === who.name);
    if (!application) this.applications.push((application = { who, pages: [] }));
    const page: Page = { who, number: application.pages.length, since, entries: [] };
    application.pages.push(page);
    return page;
  }

  /** Records an entry. */
  note(page: Page, entry: NewEntry): Entry {
    const noted = { ...this.now(), ...entry };
    page.entries.push(noted);
    return noted;
  }

  /** Records the owner of a connection. */
  owns(connection: string, name: string): void {
    this.#owners.set(connection, name);
  }

  /** The application that owns a connection. */
  owner(connection: string): string | undefined {
    return this.#owners.get(connection);
  }

  /** Records the post of a message to a connection. */
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

  /** Records a segment in the queue. */
  queued(segment: string, messages: readonly { channel: string; uuid: string }[]): void {
    const queued: Segment = { sent: this.clock() };
    this.#segments.set(segment, queued);
    for (const { channel, uuid } of messages) {
      const key = `${channel} ${uuid}`;
      this.#segmentsOf.set(key, [...(this.#segmentsOf.get(key) ?? []), queued]);
    }
  }

  /** Records that a worker finished a segment. */
  delivered(segment: string): void {
    const known = this.#segments.get(segment);
    if (known) known.done ??= this.clock();
  }

  /** Whether a segment with the message was in the queue or in a worker at a time. */
  isWaiting(channel: string, uuid: string, ms: number): boolean {
    return (this.#segmentsOf.get(`${channel} ${uuid}`) ?? []).some(
      ({ sent, done }) => sent <= ms && (done ?? Infinity) > ms,
    );
  }

  /** When the server got a 410 for an open connection of the application. */
  denialsOf(name: string): number[] {
    return [...this.#denials].flatMap(([connection, each]) => (this.#owners.get(connection) === name ? each : []));
  }

  /** The posts of a message to all connections of an application. */
  postsTo(name: string, channel: string, uuid: string): Post[] {
    const posts = this.#posts.get(`${channel} ${uuid}`) ?? new Map<string, Post[]>();
    return [...posts].flatMap(([connection, each]) => (this.#owners.get(connection) === name ? each : []));
  }
}
