import type { Json, Message } from "../../protocol/index.js";
import type { HandlerName } from "../../protocol/guard-manifest.js";

/*
 * What a guard function is asked, and what it answers: version 1 of the contract of docs/GUARDS.md.
 */

/** The version of the contract. */
export const CONTRACT_VERSION = 1;

/** Most recipients of one message that a delivery guard function decides about at once. */
export const RECIPIENTS_PER_REQUEST = 100;

/**
 * Largest request, in bytes of UTF-8. Lambda takes 6 MB in a request that waits for its answer.
 * @see https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
 */
export const REQUEST_BYTES = 5_000_000;

/** Largest response that a request asks for, in bytes: Lambda returns 6 MB, or fails, and then nobody of a batch gets anything. */
export const RESPONSE_BYTES = 5_000_000;

/** An agent, as a guard function sees it. */
export interface AgentData {
  uuid: string;
  /** In `onConnectionRequest`: what the client sent. */
  credentials?: Json;
  info?: Json;
  userId?: string;
  /** In epoch milliseconds. */
  expiresAt?: number;
  isConnected: boolean;
  /** What the handshake had besides is there in `onConnectionRequest` only, and not where an agent is renewed. */
  connection: {
    id: string;
    sourceIp: string;
    userAgent: string;
    origin?: string;
    query?: { [name: string]: string };
    cookies?: { [name: string]: string };
  };
}

/** What a guard function is asked. */
export interface GuardRequest {
  version: typeof CONTRACT_VERSION;
  guard: HandlerName;
  /** How long the caller waits for the answer, in milliseconds. */
  timeoutMs: number;
  /** Patterns at or below which wildcard subscriptions are enabled. */
  wildcards: string[];
  /** Of every guard but `onMessageReceived`. */
  agent?: AgentData;
  /** Of subscription, unsubscription, publication and delivery. */
  channel?: string;
  /** Of publication and delivery. */
  message?: Message;
  /** Of `onMessageReceived` only: 1 to 100 agents, all for the same message. */
  recipients?: AgentData[];
}

/** What one recipient gets; `data` left out: as it is. */
export interface DeliveryData {
  agent: string;
  data?: Json;
}

/** What a guard function answers, without the version that every answer has. */
export type GuardVerdict =
  | {
      verdict: "connected";
      info?: Json;
      userId?: string;
      /** In epoch milliseconds. */
      expiresAt?: number;
      /** Left out: what the client sent is kept. */
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
      /** What is delivered; empty: accepted, delivered nowhere. */
      publish: { channel: string; data: Json; uuid?: string }[];
      subscribe?: string[];
      result?: Json;
    }
  | { verdict: "publicationDenied"; channel: string; reason?: string }
  | { verdict: "deliver"; channel: string; deliveries: DeliveryData[] };

/** What a guard function answers. */
export type GuardResponse = { version: typeof CONTRACT_VERSION } & GuardVerdict;

/** The name of a verdict. */
export type VerdictName = GuardVerdict["verdict"];

/** The verdicts of each guard: first yes, then no. Nobody waits for one of `onDisconnect`. */
export const VERDICTS = {
  onConnectionRequest: ["connected", "connectionDenied"],
  onSubscriptionRequest: ["subscribe", "subscriptionDenied"],
  onPublicationRequest: ["publicationSuccess", "publicationDenied"],
  onUnsubscriptionRequest: ["unsubscribe", "unsubscriptionDenied"],
  onMessageReceived: ["deliver"],
  onDisconnect: [],
} as const satisfies Record<HandlerName, readonly VerdictName[]>;
