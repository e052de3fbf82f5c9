import type { AttributeValue } from "@aws-sdk/client-dynamodb";
import { type Code, isReserved, type Json } from "../../../protocol/index.js";
import {
  type Agent,
  connectedAtOf,
  type Denial,
  endOf,
  expiryOf,
  type Lifetime,
  type ConnectionRecord,
} from "../../connection/agent.js";
import type { Subscriber } from "../../ports.js";

/** A row in DynamoDB's format. Attribute names are short because rows are billed by size. */
export type Item = Record<string, AttributeValue>;

/** How long after its deadline a row stays for a late sweep, in seconds. */
const SWEEP_SECONDS = 24 * 60 * 60;

/** A string attribute. */
export const text = (value: string): AttributeValue => ({ S: value });

/** A number attribute. */
export const number = (value: number): AttributeValue => ({ N: String(value) });

/** When DynamoDB may delete a row that the sweep has to find first, in epoch seconds. */
export const ttlAfterSweep = (deadline: number): AttributeValue => number(deadline + SWEEP_SECONDS);

/** An agent's attributes, without keys. */
export const agentItem = (agent: Agent): Item => ({
  ttl: ttlAfterSweep(endOf(agent)),
  u: text(agent.uuid),
  t: number(agent.connectedAt),
  ip: text(agent.sourceIp),
  ua: text(agent.userAgent),
  ...(agent.session === undefined ? {} : { s: text(agent.session) }),
  ...(agent.credentials === undefined ? {} : { c: text(JSON.stringify(agent.credentials)) }),
  ...(agent.info === undefined ? {} : { i: text(JSON.stringify(agent.info)) }),
  ...(agent.userId === undefined ? {} : { n: text(agent.userId) }),
  ...(agent.expiresAt === undefined ? {} : { x: number(agent.expiresAt) }),
  ...(agent.renewals === undefined ? {} : { r: number(agent.renewals) }),
});

/**
 * How many characters of a session's hash the rows of a user's connections have. 48 bits distinguish one user's
 * sessions, and keep the rows small, because each new connection of the user reads all of them.
 */
const SESSION_CHARACTERS = 8;

/**
 * The attributes of a subscription's rows, without keys: their end. If the agent ends sooner than its connection, also
 * the connection's end, from which its beginning is computed.
 * @param session the hash of the connection's session, if the rows need it
 */
export const subscriptionItem = (lifetime: Lifetime, session?: string): Item => {
  const expiry = expiryOf(lifetime.connectedAt);
  const end = endOf(lifetime);
  return {
    ttl: number(end),
    ...(end === expiry ? {} : { e: number(expiry) }),
    ...(session === undefined ? {} : { s: text(session.slice(0, SESSION_CHARACTERS)) }),
  };
};

/**
 * The channel's row of a subscriber, without its key. The only reserved channel is a user's: its rows have the session.
 */
export const subscriberItem = (agent: Lifetime & Pick<Agent, "session">, channel: string): Item =>
  subscriptionItem(agent, isReserved(channel) ? agent.session : undefined);

/**
 * The agent's own row of a subscription, without its key.
 * @param observed the channels that the agent only observes
 */
export const ownSubscriptionItem = (
  agent: Lifetime & Pick<Agent, "session">,
  channel: string,
  observed: ReadonlySet<string>,
): Item => ({ ...subscriberItem(agent, channel), ...(observed.has(channel) && { o: { BOOL: true } }) });

/** The attributes of a registration, without keys: as of a subscription, but stored until the sweep has found it. */
export const registrationItem = (lifetime: Lifetime): Item => ({
  ...subscriptionItem(lifetime),
  ttl: ttlAfterSweep(endOf(lifetime)),
});

/** When the credentials of a stored agent expire, in epoch milliseconds; `undefined`: they do not expire. */
export const expiresAtOf = (item: Item): number | undefined => item["x"] && Number(item["x"].N);

const json = (value: AttributeValue | undefined): Json | undefined =>
  value?.S === undefined ? undefined : (JSON.parse(value.S) as Json);

/** The public info of a stored agent. */
export const infoOf = (item: Item): Json | undefined => json(item["i"]);

/** When a stored agent ends, in epoch seconds. The rows of its subscriptions should have the same end. */
export const agentEndOf = (item: Item): number => Number(item["ttl"]?.N) - SWEEP_SECONDS;

/** The end of a subscription's row, in epoch seconds. */
export const subscriptionEndOf = (item: Item): number => Number(item["ttl"]?.N);

/** Reads a row of `subscriptionItem`; `undefined` if the connection has ended. */
export const subscriberOf = (item: Item, nowSeconds: number): Subscriber | undefined => {
  const end = subscriptionEndOf(item);
  const expiry = Number(item["e"]?.N ?? end);
  if (expiry <= nowSeconds) return undefined;
  const session = item["s"]?.S;
  const subscriber = {
    connectionId: item["sk"]?.S ?? "",
    connectedAt: connectedAtOf(expiry),
    ...(session === undefined ? {} : { session }),
  };
  return end > nowSeconds ? subscriber : { ...subscriber, expired: true };
};

/** A denial's attributes, without keys. */
export const denialItem = (connectedAt: number, deadline: number, { code, reason, unloaded }: Denial): Item => ({
  ttl: ttlAfterSweep(deadline),
  t: number(connectedAt),
  k: text(code),
  d: text(reason),
  ...(unloaded && { f: number(1) }),
});

/** Reads a row of `agentItem` or `denialItem`. */
export const connectionRecordOf = (connectionId: string, item: Item): ConnectionRecord => {
  if (item["k"]?.S !== undefined) {
    return {
      denial: { code: item["k"].S as Code, reason: item["d"]?.S ?? "", ...(item["f"] && { unloaded: true as const }) },
    };
  }
  const credentials = json(item["c"]);
  const info = infoOf(item);
  const session = item["s"]?.S;
  const userId = item["n"]?.S;
  const expiresAt = expiresAtOf(item);
  const renewals = item["r"] && Number(item["r"].N);
  return {
    agent: {
      uuid: item["u"]?.S ?? "",
      connectionId,
      connectedAt: Number(item["t"]?.N),
      sourceIp: item["ip"]?.S ?? "",
      userAgent: item["ua"]?.S ?? "",
      ...(session === undefined ? {} : { session }),
      ...(credentials === undefined ? {} : { credentials }),
      ...(info === undefined ? {} : { info }),
      ...(userId === undefined ? {} : { userId }),
      ...(expiresAt === undefined ? {} : { expiresAt }),
      ...(renewals === undefined ? {} : { renewals }),
    },
  };
};
