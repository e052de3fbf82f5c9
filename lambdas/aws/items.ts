import type { AttributeValue } from "@aws-sdk/client-dynamodb";
import type { Code, Json } from "../../protocol/index.js";
import { type Agent, type Denial, expiryOf, type Standing } from "../core/agent.js";

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
  ttl: ttlAfterSweep(expiryOf(agent.connectedAt)),
  u: text(agent.uuid),
  t: number(agent.connectedAt),
  ip: text(agent.sourceIp),
  ua: text(agent.userAgent),
  ...(agent.credentials === undefined ? {} : { c: text(JSON.stringify(agent.credentials)) }),
  ...(agent.info === undefined ? {} : { i: text(JSON.stringify(agent.info)) }),
});

/** A denial's attributes, keys apart. */
export const denialItem = (connectedAt: number, deadline: number, { code, reason }: Denial): Item => ({
  ttl: ttlAfterSweep(deadline),
  t: number(connectedAt),
  k: text(code),
  d: text(reason),
});

const json = (value: AttributeValue | undefined): Json | undefined =>
  value?.S === undefined ? undefined : (JSON.parse(value.S) as Json);

/** Reads what `agentItem` or `denialItem` wrote. */
export const standingOf = (connectionId: string, item: Item): Standing => {
  if (item["k"]?.S !== undefined) {
    return { denial: { code: item["k"].S as Code, reason: item["d"]?.S ?? "" } };
  }
  const credentials = json(item["c"]);
  const info = json(item["i"]);
  return {
    agent: {
      uuid: item["u"]?.S ?? "",
      connectionId,
      connectedAt: Number(item["t"]?.N),
      sourceIp: item["ip"]?.S ?? "",
      userAgent: item["ua"]?.S ?? "",
      ...(credentials === undefined ? {} : { credentials }),
      ...(info === undefined ? {} : { info }),
    },
  };
};
