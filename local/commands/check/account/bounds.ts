import { defaultThrottle } from "../../../../infra/functions/routes.js";
import type { AccountFacts } from "./facts.js";
import {
  CODES,
  CONCURRENCY,
  CONNECTIONS_PER_SECOND,
  MEMORY_MB,
  PARTITION_READS,
  PARTITION_WRITES,
  type QuotaCode,
  REQUEST_BURST,
  REQUESTS_PER_SECOND,
  TABLE_QUOTA,
  TABLE_READS,
  TABLE_WRITES,
} from "../../remote/quotas.js";
import { CALLS_MS, CONNECT_CALLS, cpuShare, POST_MICROS, READ_UNIT_BYTES, ROW_BYTES, SUBSCRIBE_CALLS } from "./work.js";

/** Something that takes time because it is limited. Names are those of docs/SCALING.md. */
export interface Bound {
  name:
    | "requestsPerSecond"
    | "connectionsPerSecond"
    | "throttling.connect"
    | "throttling.subscribe"
    | "concurrency"
    | "partition"
    | "tableThroughput";
  /** What is limited, with its limit. */
  limit: string;
  /** How long this alone makes it take, in seconds. */
  seconds: number;
  /** What to do, so that it takes no longer than wanted. */
  raise: string;
}

/** What takes long with so many users, the longest first. */
export interface Plan {
  users: number;
  /** One publication to all of them, subscribed to one channel. */
  publication: Bound[];
  /** All of them back after everybody has lost the connection. */
  reconnection: Bound[];
  /** What to request or set before so many come. */
  requests: string[];
}

/** How long one publication to everybody may take before something is to be raised, in seconds. */
const PUBLICATION_SECONDS = 5;

/** How long it may take until everybody is back, in seconds. The construct's own throttle is made for 100,000 in this time. */
const RECONNECTION_SECONDS = 5 * 60;

const count = (value: number): string => Math.ceil(value).toLocaleString("en-US");

/** A round number that is no less. */
const rounded = (value: number): number => {
  const step = 10 ** Math.max(0, Math.floor(Math.log10(value)) - 1);
  return Math.ceil(value / step) * step;
};

/** The command that asks AWS for more. */
const request = ({ service, code }: QuotaCode, value: number): string =>
  `aws service-quotas request-service-quota-increase --service-code ${service} --quota-code ${code} --desired-value ${rounded(value)}`;

const shardsFor = (factor: number): number => 2 ** Math.ceil(Math.log2(Math.max(1, factor)));

/** The construct takes so many shards at most. */
const MOST_SHARDS = 64;

const shards = (factor: number): string =>
  `shards: ${Math.min(MOST_SHARDS, shardsFor(factor))} for the channel, in the construct's channels`;

const warm = (table: "reads" | "writes", value: number, most: number): string =>
  value <= most
    ? `warm throughput of ${rounded(value)} ${table} for the table`
    : `${request(CODES[table === "reads" ? "tableReads" : "tableWrites"], value)}, and then that warm throughput for the table`;

const bySeconds = (bounds: Bound[]): Bound[] => bounds.sort((a, b) => b.seconds - a.seconds);

/** How long one publication takes to so many subscribers of a channel, by each thing that limits it. */
export const publicationBounds = (facts: AccountFacts, users: number): Bound[] => {
  const { requestsPerSecond = REQUESTS_PER_SECOND, requestBurst = REQUEST_BURST, concurrency = CONCURRENCY } = facts;
  const { warmReads = TABLE_READS, tableReads = TABLE_QUOTA } = facts;
  const postSeconds = POST_MICROS / 1_000_000 / cpuShare(MEMORY_MB);
  const units = (users * ROW_BYTES) / READ_UNIT_BYTES;
  return bySeconds([
    {
      name: "requestsPerSecond",
      limit: `${count(requestsPerSecond)} requests a second to API Gateway, ${count(requestBurst)} at once`,
      seconds: Math.max(0, users - requestBurst) / requestsPerSecond,
      raise: request(CODES.requestsPerSecond, users / PUBLICATION_SECONDS),
    },
    {
      name: "concurrency",
      limit: `${count(concurrency)} functions at once`,
      seconds: (users * postSeconds) / concurrency,
      raise: request(CODES.concurrency, Math.max(CONCURRENCY, (users * postSeconds) / PUBLICATION_SECONDS)),
    },
    {
      name: "partition",
      limit: `${count(PARTITION_READS)} read units a second of the channel's partition`,
      seconds: units / PARTITION_READS,
      raise: shards(units / PARTITION_READS / PUBLICATION_SECONDS),
    },
    {
      name: "tableThroughput",
      limit: `${count(warmReads)} read units a second of the table`,
      seconds: units / warmReads,
      raise: warm("reads", units / PUBLICATION_SECONDS, tableReads),
    },
  ]);
};

/** How long it takes until so many are connected and subscribed to one channel again, by each thing that limits it. */
export const reconnectionBounds = (facts: AccountFacts, users: number): Bound[] => {
  const { connectionsPerSecond = CONNECTIONS_PER_SECOND, concurrency = CONCURRENCY } = facts;
  const { warmWrites = TABLE_WRITES, tableWrites = TABLE_QUOTA, region } = facts;
  const [connect, subscribe] = [defaultThrottle("connect", region), defaultThrottle("subscribe", region)];
  const wanted = users / RECONNECTION_SECONDS;
  const workSeconds = (CALLS_MS.connect + CALLS_MS.subscribe) / 1_000;
  const writes = CONNECT_CALLS.writes + SUBSCRIBE_CALLS.writes;
  const throttle = (route: string): string =>
    `throttling: { ${route}: { rateLimit: ${rounded(wanted)}, burstLimit: ${2 * rounded(wanted)} } } in the construct's props`;
  return bySeconds([
    {
      name: "connectionsPerSecond",
      limit: `${count(connectionsPerSecond)} new connections a second to the account`,
      seconds: users / connectionsPerSecond,
      raise: request(CODES.connectionsPerSecond, wanted),
    },
    {
      name: "throttling.connect",
      limit: `${count(connect.rateLimit)} new connections a second to the construct, if its props say nothing else`,
      seconds: Math.max(0, users - connect.burstLimit) / connect.rateLimit,
      raise: throttle("connect"),
    },
    {
      name: "throttling.subscribe",
      limit: `${count(subscribe.rateLimit)} subscribe frames a second to the construct, if its props say nothing else`,
      seconds: Math.max(0, users - subscribe.burstLimit) / subscribe.rateLimit,
      raise: throttle("subscribe"),
    },
    {
      name: "concurrency",
      limit: `${count(concurrency)} functions at once`,
      seconds: (users * workSeconds) / concurrency,
      raise: request(CODES.concurrency, Math.max(CONCURRENCY, wanted * workSeconds)),
    },
    {
      name: "partition",
      limit: `${count(PARTITION_WRITES)} write units a second of the channel's partition`,
      seconds: users / PARTITION_WRITES,
      raise: shards(wanted / PARTITION_WRITES),
    },
    {
      name: "tableThroughput",
      limit: `${count(warmWrites)} write units a second of the table`,
      seconds: (users * writes) / warmWrites,
      raise: warm("writes", wanted * writes, tableWrites),
    },
  ]);
};

/** What binds with so many users, and what to request before they come. */
export const planFor = (facts: AccountFacts, users: number): Plan => {
  const [publication, reconnection] = [publicationBounds(facts, users), reconnectionBounds(facts, users)];
  const tooSlow = [
    ...publication.filter(({ seconds }) => seconds > PUBLICATION_SECONDS),
    ...reconnection.filter(({ seconds }) => seconds > RECONNECTION_SECONDS),
  ];
  const reduced = (facts.concurrency ?? CONCURRENCY) < CONCURRENCY ? [request(CODES.concurrency, CONCURRENCY)] : [];
  return {
    users,
    publication,
    reconnection,
    requests: [...new Set([...reduced, ...tooSlow.map(({ raise }) => raise)])],
  };
};
