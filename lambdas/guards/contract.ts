import type { Json, RequestedMessage } from "../../protocol/index.js";
import type { HandlerName } from "../../protocol/guard-manifest.js";

/*
 * Requests to guard functions and their responses: version 1 of the contract of docs/GUARDS.md.
 */

/** The version of the contract. */
export const CONTRACT_VERSION = 1;

/** Maximum number of recipients of one message that one call of a delivery guard function decides. */
export const RECIPIENTS_PER_REQUEST = 100;

/**
 * Maximum size of a request, in bytes of UTF-8. Lambda accepts 6 MB in a synchronous request.
 * @see https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
 */
export const REQUEST_BYTES = 5_000_000;

/**
 * Maximum size of a requested response, in bytes. Above 6 MB Lambda fails, and then no recipient of a batch gets the
 * message.
 */
export const RESPONSE_BYTES = 5_000_000;

/** An agent, as a guard function sees it. */
export interface AgentData {
  uuid: string;
  /** In `onConnectionRequest`: the client's credentials. */
  credentials?: Json;
  info?: Json;
  userId?: string;
  /** In epoch milliseconds. */
  expiresAt?: number;
  isConnected: boolean;
  /** `origin`, `query` and `cookies` are there in `onConnectionRequest` only, and not in a renewal. */
  connection: {
    id: string;
    sourceIp: string;
    userAgent: string;
    origin?: string;
    query?: { [name: string]: string };
    cookies?: { [name: string]: string };
  };
}

/** A request to a guard function. */
export interface GuardRequest {
  version: typeof CONTRACT_VERSION;
  guard: HandlerName;
  /** How long the caller waits for the response, in milliseconds. */
  timeoutMs: number;
  /** Patterns at or below which wildcard subscriptions are enabled. */
  wildcards: string[];
  /** In requests of every guard but `onMessageReceived`. */
  agent?: AgentData;
  /** In requests about a subscription, unsubscription, publication or delivery. */
  channel?: string;
  /** In requests about a publication or delivery. */
  message?: RequestedMessage;
  /** In requests of `onSubscriptionRequest` only: the client's token, if it sent one. */
  token?: Json;
  /** In requests of `onPresenceRequest` only: the state that the agent wants to have. */
  state?: Json;
  /** In requests of `onMessageReceived` only: 1 to 100 agents, all for the same message. */
  recipients?: AgentData[];
}

/** The delivery to one recipient. */
export interface DeliveryData {
  agent: string;
  /** Left out: unchanged. */
  data?: Json;
  /** `false`: the recipient does not learn who published the message. */
  from?: false;
}

/** A message that a guard function publishes. */
export interface PublicationData {
  channel: string;
  data: Json;
  /** Left out: the requested message's. */
  uuid?: string;
  /** Left out: on the requested channel as the requested message, on other channels `false`. */
  ephemeral?: boolean;
}

/** The codes with which a guard can deny a publication or a state. */
export const DENIAL_CODES = ["denied", "bad_data"] as const;
export type DenialCode = (typeof DENIAL_CODES)[number];

/** A guard function's verdict, without the version of the response. */
export type GuardVerdict =
  | {
      verdict: "connected";
      info?: Json;
      userId?: string;
      /** In epoch milliseconds. */
      expiresAt?: number;
      /** Left out: the client's credentials are stored. */
      credentials?: Json;
      subscribe?: string[];
    }
  | { verdict: "connectionDenied"; reason?: string }
  | { verdict: "subscribe"; channel: string; subscribe?: string[] }
  | { verdict: "subscriptionDenied"; channel: string; reason?: string }
  | { verdict: "unsubscribe"; channel: string }
  | { verdict: "unsubscriptionDenied"; channel: string; reason?: string }
  | {
      verdict: "publicationSuccess";
      channel: string;
      /** The messages to deliver; empty: accepted, but not delivered. */
      publish: PublicationData[];
      subscribe?: string[];
      result?: Json;
    }
  | { verdict: "publicationDenied"; channel: string; reason?: string; code?: DenialCode }
  | { verdict: "presenceSuccess"; channel: string }
  | { verdict: "presenceDenied"; channel: string; reason?: string; code?: DenialCode }
  | { verdict: "deliver"; channel: string; deliveries: DeliveryData[] };

/** A guard function's response. */
export type GuardResponse = { version: typeof CONTRACT_VERSION } & GuardVerdict;

/** The name of a verdict. */
export type VerdictName = GuardVerdict["verdict"];

/** The verdicts of each guard: first the positive one, then the negative one. `onDisconnect` has none. */
export const VERDICTS = {
  onConnectionRequest: ["connected", "connectionDenied"],
  onSubscriptionRequest: ["subscribe", "subscriptionDenied"],
  onPublicationRequest: ["publicationSuccess", "publicationDenied"],
  onUnsubscriptionRequest: ["unsubscribe", "unsubscriptionDenied"],
  onPresenceRequest: ["presenceSuccess", "presenceDenied"],
  onMessageReceived: ["deliver"],
  onDisconnect: [],
} as const satisfies Record<HandlerName, readonly VerdictName[]>;
