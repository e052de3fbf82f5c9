import type { AttributeValue } from "@aws-sdk/client-dynamodb";
import type { Code, Json } from "../../../protocol/index.js";
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

/** A row as DynamoDB has it. Attribute names are short because each row is paid for by its size. */
export type Item = Record<string, AttributeValue>;

/** How long after its deadline a row may still be needed by a sweep that comes late, in seconds. */
const SWEEP_SECONDS = 24 * 60 * 60;

/** A string attribute. */
export const text = (value: string): AttributeValue => ({ S: value });

/** A number attribute. */
export const number = (value: number): AttributeValue => ({ N: String(value) });

/** When DynamoDB may delete a row that the sweep has to find first, in epoch seconds. */
export const ttlAfterSweep = (deadline: number): AttributeValue => number(deadline + SWEEP_SECONDS);

/** An agent's attributes, keys apart. */
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
 * How many characters of a session's hash the rows of a user's connections hold: 48 bits tell one user's sessions apart,
 * and keep the rows small, because each new connection of the user reads all of them.
 */
const SESSION_CHARACTERS = 8;

/**
 * The attributes of a subscription's rows, keys apart: when they end, which tells when the connection began, unless the
 * agent ends sooner.
 * @param session the hash of the connection's session, if the rows are to name it
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

/** The attributes of a registration, keys apart: those of a subscription, but kept until the sweep has found it. */
export const registrationItem = (lifetime: Lifetime): Item => ({
  ...subscriptionItem(lifetime),
  ttl: ttlAfterSweep(endOf(lifetime)),
});

/** Until when the agent of an agent's row is vouched for, in epoch milliseconds; `undefined`: as long as it is connected. */
export const expiresAtOf = (item: Item): number | undefined => item["x"] && Number(item["x"].N);

const json = (value: AttributeValue | undefined): Json | undefined =>
  value?.S === undefined ? undefined : (JSON.parse(value.S) as Json);

/** What the connection guard last said of the agent of an agent's row. */
export const infoOf = (item: Item): Json | undefined => json(item["i"]);

/** When the agent of an agent's row ends, in epoch seconds, as the rows of its subscriptions should say. */
export const agentEndOf = (item: Item): number => Number(item["ttl"]?.N) - SWEEP_SECONDS;

/** When a subscription's row says that it ends, in epoch seconds. */
export const subscriptionEndOf = (item: Item): number => Number(item["ttl"]?.N);

/** Reads what `subscriptionItem` wrote; `undefined` when the connection cannot exist any more. */
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

/** A denial's attributes, keys apart. */
export const denialItem = (connectedAt: number, deadline: number, { code, reason, unloaded }: Denial): Item => ({
  ttl: ttlAfterSweep(deadline),
  t: number(connectedAt),
  k: text(code),
  d: text(reason),
  ...(unloaded && { f: number(1) }),
});

/** Reads what `agentItem` or `denialItem` wrote. */
export const standingOf = (connectionId: string, item: Item): ConnectionRecord => {
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
