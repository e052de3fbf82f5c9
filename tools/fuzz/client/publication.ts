/** One published message, and the model's knowledge of it. */
export interface Publication {
  /** Its data: a unique number. */
  n: number;
  channel: string;
  uuid: string;
  /** Whether the client under test published it. */
  own: boolean;
  echo: boolean;
  /** The publisher's session at the server. */
  session: string;
  /** When its publish frame was sent, in epoch milliseconds. */
  startedAt: number;
  /** When the server stored or distributed it. */
  storedAt?: number;
  epoch?: string;
  offset?: number;
  /** How often the server has published it. */
  executed: number;
  /** Whether each subscriber is certain to be posted to, or closed. */
  complete: boolean;
  /** Whether the client's delivery guard withholds it. */
  withheld: boolean;
  /** Whether a post was lost, which only a history recovers. */
  lost: boolean;
  /** The closed or broken connections on which it was lost, and when. */
  missed: { link: number; at: number; broken: boolean }[];
  /** How often the application received it. */
  received: number;
  /** The promises that were open when it was published. */
  covers: Span[];
  /** Whether an event has notified the application that it may have missed this message. */
  excused: boolean;
}

/** A promise: messages that are published while it is open arrive, or an event reports them as missed. */
export interface Span {
  /** The subscribed channel or wildcard, or the guard's channel. */
  subscribed: string;
  open: boolean;
}
