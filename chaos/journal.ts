import type { Credentials, Payload } from "./policy.js";

/** Where a publisher was told that its message is. */
export interface Position {
  epoch: string;
  offset: number;
}

/** What a publisher asked for, and was told. All times are the journal's. */
export interface Publication {
  uuid: string;
  channel: string;
  by: string;
  data: Payload;
  begun: number;
  told?: { at: number; acknowledged: boolean; code?: string; position?: Position };
}

/** What a subscriber's application was told of one channel. */
export type Event =
  /** It is subscribed, for the first time or again. */
  | { at: number; is: "subscribed" }
  /** It is told that it has missed something: what comes is behind `position`. */
  | { at: number; is: "missed"; code: string; position?: Position }
  | { at: number; is: "unsubscribed"; code?: string }
  | { at: number; is: "message"; uuid: string; data: unknown; offset?: number };

/** One subscriber's application on one channel. */
export interface Subscription {
  who: Credentials;
  channel: string;
  events: Event[];
}

/** What is stored of a channel's message. */
export interface Stored {
  channel: string;
  epoch: string;
  uuid: string;
  offset: number;
}

/** What was asked for, told and received, in one order: all of it happens in this process. */
export class Journal {
  readonly publications = new Map<string, Publication>();
  readonly subscriptions: Subscription[] = [];
  #time = 0;

  /** The time: a number that is larger each time. */
  tick(): number {
    this.#time += 1;
    return this.#time;
  }

  /** A publication begins. */
  begin(publication: Omit<Publication, "begun" | "told">): Publication {
    const begun: Publication = { ...publication, begun: this.tick() };
    this.publications.set(begun.uuid, begun);
    return begun;
  }

  /** An application that will subscribe. */
  subscription(who: Credentials, channel: string): Subscription {
    const made: Subscription = { who, channel, events: [] };
    this.subscriptions.push(made);
    return made;
  }
}
