import type { Code } from "./codes.js";
import type { HistoryQuery, Position, Replay } from "./history.js";
import type { Json } from "./json.js";
import type { PresencePage, PresenceQuery } from "./presence.js";

/** The version of the back end's requests; see docs/SERVER.md. */
export const SERVER_API_VERSION = 1;

/** Most entries in one publish request. */
export const MAX_ENTRIES_PER_REQUEST = 100;

/**
 * Largest request, in bytes of its JSON.
 * @see https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
 */
export const MAX_REQUEST_BYTES = 6 * 1024 * 1024;

/** Longest id of a connection, in characters. API Gateway's are about 16. */
export const MAX_CONNECTION_ID_LENGTH = 128;

/** One message that the back end publishes: on a channel, or to a user, where it arrives on `/meta/user`. */
export type PublishEntry = ({ channel: string } | { userId: string }) & {
  data: Json;
  /** 1 to 64 of `0-9A-Za-z-_`. @default - one is made */
  uuid?: string;
  /** The id of a connection that is spared. */
  excludeConnectionId?: string;
};

/** Whose connections a request is about. */
export type RequestTarget = { connectionId: string } | { userId: string };

/** Publishes: 1 to 100 entries, in order. */
export interface PublishRequest {
  version: typeof SERVER_API_VERSION;
  publish: PublishEntry[];
}

/** Ends agents: each is told `revoked` and its connection closed. */
export interface DisconnectRequest {
  version: typeof SERVER_API_VERSION;
  disconnect: RequestTarget;
  /** What the agents are told; cut at 512 bytes. */
  reason?: string;
}

/** Ends subscriptions: each agent is told. */
export interface UnsubscribeRequest {
  version: typeof SERVER_API_VERSION;
  unsubscribe: RequestTarget;
  /** A channel or a wildcard. */
  channel: string;
  /** What the agents are told; cut at 512 bytes. */
  reason?: string;
}

/** Reads a channel's history. */
export interface HistoryRequest {
  version: typeof SERVER_API_VERSION;
  history: HistoryQuery;
}

/** Asks who is on a channel. */
export interface PresenceRequest {
  version: typeof SERVER_API_VERSION;
  presence: PresenceQuery;
}

/** Deletes one message from a channel's history. Subscribers are told. */
export interface DeleteMessageRequest {
  version: typeof SERVER_API_VERSION;
  deleteMessage: { channel: string; position: Position };
}

/** Deletes all that is kept of a channel's messages. Subscribers are told. */
export interface DeleteHistoryRequest {
  version: typeof SERVER_API_VERSION;
  deleteHistory: {
    channel: string;
    /** Goes on with a deletion whose response said `more`. */
    continue?: boolean;
  };
}

/** Disconnects a user, and deletes what the user's agents have published from all histories. Subscribers are told. */
export interface ForgetUserRequest {
  version: typeof SERVER_API_VERSION;
  forgetUser: {
    userId: string;
    /** Goes on behind a response that said `more`: its value. */
    after?: string;
  };
}

/** What the back end can ask for. */
export type ServerApiRequest =
  | PublishRequest
  | DisconnectRequest
  | UnsubscribeRequest
  | HistoryRequest
  | PresenceRequest
  | DeleteMessageRequest
  | DeleteHistoryRequest
  | ForgetUserRequest;

/** What became of one entry: taken and brought to the subscribers, or refused. */
export type PublishResult =
  | {
      uuid: string;
      accepted: true;
      /** Where it is, if its channel has history. */
      position?: Position;
    }
  /** `uuid` is left out when the entry had none that could be read. */
  | { uuid?: string; accepted: false; code: Code; error: string };

/** The answer to a publish request: one result for each entry, in the same order. */
export interface PublishResponse {
  version: typeof SERVER_API_VERSION;
  results: PublishResult[];
}

/** The answer to a disconnect request: how many connections had an agent. */
export interface DisconnectResponse {
  version: typeof SERVER_API_VERSION;
  disconnected: number;
}

/** The answer to an unsubscribe request: how many connections were told. */
export interface UnsubscribeResponse {
  version: typeof SERVER_API_VERSION;
  unsubscribed: number;
}

/** The answer to a history request. */
export interface HistoryResponse {
  version: typeof SERVER_API_VERSION;
  history: Replay;
}

/** The answer to a presence request. */
export interface PresenceResponse {
  version: typeof SERVER_API_VERSION;
  presence: PresencePage;
}

/** The answer to a request that deletes one message: whether it is deleted, now or before. */
export interface DeleteMessageResponse {
  version: typeof SERVER_API_VERSION;
  deletedMessage: boolean;
}

/** The answer to a request that deletes a history: how many messages this request has deleted. */
export interface DeleteHistoryResponse {
  version: typeof SERVER_API_VERSION;
  deletedMessages: number;
  /** There is more to delete: ask again with `continue`. */
  more?: true;
}

/** The answer to a request that forgets a user. */
export interface ForgetUserResponse {
  version: typeof SERVER_API_VERSION;
  /** How many connections had an agent. */
  disconnected: number;
  /** How many messages this request has deleted. */
  deletedMessages: number;
  /** Not all rows have been looked at: ask again with this as `after`. */
  more?: string;
}

/** What a request that is not understood gets, or one about what the channel does not have. Nothing has happened. */
export interface ErrorResponse {
  version: typeof SERVER_API_VERSION;
  error: string;
  code: "bad_request" | "no_history" | "no_presence";
}

/** What the function answers. */
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
