/** One message that somebody publishes, and all that the model knows of it. */
export interface Publication {
  /** What it carries: a number that no other message has. */
  n: number;
  channel: string;
  uuid: string;
  /** Whether the client under test published it. */
  own: boolean;
  echo: boolean;
  /** Who published it, to the server: a session. */
  session: string;
  /** When its publish frame was sent, in epoch milliseconds. */
  startedAt: number;
  /** When the server stored or distributed it. */
  storedAt?: number;
  epoch?: string;
  offset?: number;
  /** How often the server has carried it out. */
  executed: number;
  /** Whether every subscriber is certain to be posted to, or closed. */
  complete: boolean;
  /** Whether the client's delivery guard withholds it. */
  withheld: boolean;
  /** Whether a post of it was lost, which only a channel's history makes good. */
  lost: boolean;
  /** The connections on which it was lost because they were closed or broken, and when. */
  missed: { link: number; at: number; broken: boolean }[];
  /** How often the application was given it. */
  received: number;
  /** Under which promises it was published. */
  covers: Span[];
  /** An event has told the application that it may have missed this. */
  excused: boolean;
}

/** A time in which a promise holds: what is published in it is told, or an event says that it was missed. */
export interface Span {
  /** What was subscribed: a channel, a wildcard, or what the connection guard subscribed to. */
  subscribed: string;
  open: boolean;
}
