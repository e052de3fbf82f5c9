import type { Code } from "./codes.js";
import type { HistoryQuery, Position, Replay } from "./history.js";
import type { Json } from "./json.js";
import type { PresencePage, PresenceQuery } from "./presence.js";

/**
 * The version of the server API: requests that a back end sends to the publisher function. docs/SERVER.md explains
 * them.
 */
export const SERVER_API_VERSION = 1;

/** Most entries in one publish request. */
export const MAX_ENTRIES_PER_REQUEST = 100;

/**
 * Largest request, in bytes of its JSON.
 * @see https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
 */
export const MAX_REQUEST_BYTES = 6 * 1024 * 1024;

/** Longest id of a connection, in characters. API Gateway's ids have about 16. */
export const MAX_CONNECTION_ID_LENGTH = 128;

/** One message that the back end publishes, on a channel or to a user. A user receives it on `/meta/user`. */
export type PublishEntry = ({ channel: string } | { userId: string }) & {
  data: Json;
  /** 1 to 64 of `0-9A-Za-z-_`. @default - a new one */
  uuid?: string;
  /** The id of a connection that does not receive the message. */
  excludeConnectionId?: string;
  /** `true`: the server delivers it and keeps nothing of it, also on channels that keep messages. @default false */
  ephemeral?: boolean;
};

/** The connections that a request is about: one, or all of a user. */
export type RequestTarget = { connectionId: string } | { userId: string };

/** Publishes: 1 to 100 entries, in order. */
export interface PublishRequest {
  version: typeof SERVER_API_VERSION;
  publish: PublishEntry[];
}

/** Ends agents: each receives `revoked`, and its connection is closed. */
export interface DisconnectRequest {
  version: typeof SERVER_API_VERSION;
  disconnect: RequestTarget;
  /** The reason that the agents receive. It is cut at 512 bytes. */
  reason?: string;
}

/** Ends subscriptions. Each agent is notified. */
export interface UnsubscribeRequest {
  version: typeof SERVER_API_VERSION;
  unsubscribe: RequestTarget;
  /** A channel or a wildcard. */
  channel: string;
  /** The reason that the agents receive. It is cut at 512 bytes. */
  reason?: string;
}

/** Reads a channel's history. */
export interface HistoryRequest {
  version: typeof SERVER_API_VERSION;
  history: HistoryQuery;
}

/** Asks which agents are present on a channel. */
export interface PresenceRequest {
  version: typeof SERVER_API_VERSION;
  presence: PresenceQuery;
}

/** Deletes one message from a channel's history. Subscribers are notified. */
export interface DeleteMessageRequest {
  version: typeof SERVER_API_VERSION;
  deleteMessage: { channel: string; position: Position };
}

/** Deletes all stored messages of a channel. Subscribers are notified. */
export interface DeleteHistoryRequest {
  version: typeof SERVER_API_VERSION;
  deleteHistory: {
    channel: string;
    /** Continues a deletion whose response had `more`. */
    continue?: boolean;
  };
}

/** Disconnects a user, and deletes the user's messages from all histories. Subscribers are notified. */
export interface ForgetUserRequest {
  version: typeof SERVER_API_VERSION;
  forgetUser: {
    userId: string;
    /** The `more` of the previous response, to continue after it. */
    after?: string;
  };
}

/** A request of the back end. */
export type ServerApiRequest =
  | PublishRequest
  | DisconnectRequest
  | UnsubscribeRequest
  | HistoryRequest
  | PresenceRequest
  | DeleteMessageRequest
  | DeleteHistoryRequest
  | ForgetUserRequest;

/** The result for one entry: accepted and sent to the subscribers, or rejected. */
export type PublishResult =
  | {
      uuid: string;
      accepted: true;
      /** The message's position, if its channel has history. */
      position?: Position;
    }
  /** `uuid` is left out if the entry had no readable one. */
  | { uuid?: string; accepted: false; code: Code; error: string };

/** The response to a publish request: one result for each entry, in the same order. */
export interface PublishResponse {
  version: typeof SERVER_API_VERSION;
  results: PublishResult[];
}

/** The response to a disconnect request: how many connections had an agent. */
export interface DisconnectResponse {
  version: typeof SERVER_API_VERSION;
  disconnected: number;
}

/** The response to an unsubscribe request: how many connections were notified. */
export interface UnsubscribeResponse {
  version: typeof SERVER_API_VERSION;
  unsubscribed: number;
}

/** The response to a history request. */
export interface HistoryResponse {
  version: typeof SERVER_API_VERSION;
  history: Replay;
}

/** The response to a presence request. */
export interface PresenceResponse {
  version: typeof SERVER_API_VERSION;
  presence: PresencePage;
}

/** The response to a request that deletes one message: whether it is deleted, now or before. */
export interface DeleteMessageResponse {
  version: typeof SERVER_API_VERSION;
  deletedMessage: boolean;
}

/** The response to a request that deletes a history: how many messages this request has deleted. */
export interface DeleteHistoryResponse {
  version: typeof SERVER_API_VERSION;
  deletedMessages: number;
  /** There is more to delete: send the request again with `continue`. */
  more?: true;
}

/** The response to a request that forgets a user. */
export interface ForgetUserResponse {
  version: typeof SERVER_API_VERSION;
  /** How many connections had an agent. */
  disconnected: number;
  /** How many messages this request has deleted. */
  deletedMessages: number;
  /** Some rows have not been read yet: send the request again with this value as `after`. */
  more?: string;
}

/** The response to an invalid request, or to one about a feature that the channel does not have. It had no effect. */
export interface ErrorResponse {
  version: typeof SERVER_API_VERSION;
  error: string;
  code: "bad_request" | "no_history" | "no_presence";
}

/** A response of the publisher function. */
export type ServerApiResponse =
  | PublishResponse
  | DisconnectResponse
  | UnsubscribeResponse
  | HistoryResponse
  | PresenceResponse
  | DeleteMessageResponse
  | DeleteHistoryResponse
  | ForgetUserResponse
  | ErrorResponse;
