import { backoff } from "../../../client/src/connection/backoff.js";
import { DEFAULTS } from "../../../client/src/options.js";
import { noUnits, type Units, usdOf } from "../units.js";
import { CALLS_MS, LATENCY_MS } from "./model.js";
import type { Quotas, RouteThrottle } from "./quotas.js";
import { seeded } from "../../lib/random.js";
import { TimingWheel } from "./timing-wheel.js";
import { TokenBucket } from "./token-bucket.js";

const { retryBase: RETRY_BASE, retryCap: RETRY_CAP } = DEFAULTS;

/** The result of a reconnection of all subscribers. */
export interface ReconnectResult {
  /** From the first loss to the last subscriber that is subscribed again, in milliseconds. */
  lastBackMs: number;
  /** Time from a subscriber's loss to its restored subscription, in milliseconds. */
  awayMs: { p50: number; p99: number };
  usd: number;
  used: Units;
  back: number;
  /** Refused handshakes, failed subscribe frames, and disconnects that are left to the sweep. */
  refused: { connects: number; subscribes: number; departures: number };
  /** Maximum connections opened in one second. */
  peakPerSecond: number;
  /** Restored subscribers at the end of each second. */
  timeline: number[];
  /** When each simulated connection opened, in milliseconds. */
  openedAt: Float64Array;
}

/** Options of the simulation. */
export interface ReconnectOptions {
  /** When each simulated connection is lost, in milliseconds. @default all at 0 */
  lostAt?: Float64Array;
  /** Range of the delay until API Gateway notices the loss, in milliseconds. */
  noticedMs?: readonly [from: number, to: number];
  seed?: number;
}

/** Maximum simulated connections. Each then stands for several, and quotas are divided accordingly. */
const MAX_SIMULATED = 50_000;

/** Number of simulated connections. */
const simulatedCount = (subscribers: number): number => Math.min(subscribers, MAX_SIMULATED);

const RESOLUTION_MS = 2;

/** Longer than any delay, in milliseconds. */
const LONGEST_WAIT_MS = 120_000;

/** Attempts of the AWS SDK on a throttled table, and its first delay in milliseconds, which doubles. */
const TABLE_ATTEMPTS = 3;
const THROTTLED_MS = 500;

/** Write and read units of connecting, subscribing and leaving. */
const UNITS = { connect: { writes: 2, reads: 0 }, subscribe: { writes: 2, reads: 3 }, leave: { writes: 4, reads: 1 } };

/** The state of a connection. */
const At = { Away: 0, Connecting: 1, Open: 2, Subscribing: 3, Back: 4 } as const;

/** Simulates subscribers of one channel that lose their connections and reconnect with the SDK's delays. */
export const simulateReconnect = (
  subscribers: number,
  quotas: Quotas,
  options: ReconnectOptions = {},
): ReconnectResult => {
  const { lostAt, noticedMs = [60_000, 600_000], seed = 1 } = options;
  const random = seeded(seed);
  const count = simulatedCount(subscribers);
  const weight = subscribers / count;
  const bucket = (perSecond: number, burst = perSecond): TokenBucket =>
    new TokenBucket(perSecond / weight, Math.max(burst / weight, 4));
  const connections = bucket(quotas.connectionsPerSecond);
  const route = ({ rateLimit, burstLimit }: RouteThrottle): TokenBucket => bucket(rateLimit, burstLimit);
  const [connectRoute, subscribeRoute] = [route(quotas.throttling.connect), route(quotas.throttling.subscribe)];
  const requests = bucket(quotas.requestsPerSecond, quotas.requestBurst);
  const partitions = Array.from({ length: quotas.shards }, () => bucket(quotas.partitionWrites));
  const table = bucket(quotas.tableWrites);
  const concurrency = Math.max(1, Math.floor(quotas.concurrency / weight));

  const at = new Uint8Array(count).fill(At.Away);
  const attempts = new Uint8Array(count).fill(1);
  const tries = new Uint8Array(2 * count);
  const openedAt = new Float64Array(count);
  const away = new Float64Array(count);
  const lost = lostAt ?? new Float64Array(count);
  const wheel = new TimingWheel(
    2 * count,
    RESOLUTION_MS,
    Math.max(...noticedMs) + LONGEST_WAIT_MS + lost.reduce((most, each) => Math.max(most, each), 0),
  );
  const used = noUnits();
  const refused = { connects: 0, subscribes: 0, departures: 0 };
  const opened: number[] = [];
  const backs: number[] = [];
  let running = 0;
  let back = 0;
  let lastBackMs = 0;

  /** Counts a connection in the current second. */
  const countIn = (seconds: number[]): void => {
    const second = Math.floor(wheel.now / 1_000);
    seconds[second] = (seconds[second] ?? 0) + weight;
  };
  const shardOf = (agent: number): TokenBucket => partitions[agent % quotas.shards]!;
  const invoked = (ms: number): void => {
    used.invocations += weight;
    used.gbSeconds += weight * (ms / 1_000) * (quotas.memoryMb / 1_024);
  };
  /** Writes, or plans a retry as the AWS SDK does. `false`: all attempts failed. `undefined`: a retry is planned. */
  const wrote = (
    entity: number,
    units: { writes: number; reads: number },
    partition?: TokenBucket,
  ): boolean | undefined => {
    if ((partition?.take(wheel.now) ?? true) && table.take(wheel.now, units.writes)) {
      used.writeUnits += weight * units.writes;
      used.readUnits += weight * units.reads;
      tries[entity] = 0;
      return true;
    }
    const tried = (tries[entity]! += 1);
    if (tried >= TABLE_ATTEMPTS) {
      tries[entity] = 0;
      return false;
    }
    const wait = random() * THROTTLED_MS * 2 ** (tried - 1);
    used.gbSeconds += weight * (wait / 1_000) * (quotas.memoryMb / 1_024);
    wheel.plan(entity, wheel.now + wait);
    return undefined;
  };

  const tryAgain = (agent: number): void => {
    refused.connects += weight;
    at[agent] = At.Away;
    const wait = backoff(attempts[agent]!, RETRY_BASE, RETRY_CAP, random());
    attempts[agent] = Math.min(200, attempts[agent]! + 1);
    wheel.plan(agent, wheel.now + wait + LATENCY_MS.handshake);
  };
  const subscribeLater = (agent: number): void => {
    refused.subscribes += weight;
    at[agent] = At.Open;
    wheel.plan(agent, wheel.now + backoff(0, RETRY_CAP, RETRY_CAP, random()) + LATENCY_MS.frame);
  };

  const connect = (agent: number): void => {
    if (
      running >= concurrency ||
      !connectRoute.take(wheel.now) ||
      !connections.take(wheel.now) ||
      !requests.take(wheel.now)
    )
      return tryAgain(agent);
    running += 1;
    at[agent] = At.Connecting;
    wheel.plan(agent, wheel.now + CALLS_MS.connect);
  };
  const connected = (agent: number): void => {
    const done = wrote(agent, UNITS.connect);
    if (done === undefined) return;
    running -= 1;
    invoked(CALLS_MS.connect);
    if (!done) return tryAgain(agent);
    openedAt[agent] = wheel.now;
    countIn(opened);
    at[agent] = At.Open;
    wheel.plan(agent, wheel.now + LATENCY_MS.frame);
  };
  const subscribe = (agent: number): void => {
    if (running >= concurrency || !subscribeRoute.take(wheel.now) || !requests.take(wheel.now))
      return subscribeLater(agent);
    running += 1;
    at[agent] = At.Subscribing;
    used.messages += 2 * weight;
    wheel.plan(agent, wheel.now + CALLS_MS.subscribe);
  };
  const subscribed = (agent: number): void => {
    const done = wrote(agent, UNITS.subscribe, shardOf(agent));
    if (done === undefined) return;
    running -= 1;
    invoked(CALLS_MS.subscribe);
    if (!done) return subscribeLater(agent);
    at[agent] = At.Back;
    back += weight;
    lastBackMs = wheel.now;
    away[agent] = wheel.now - lost[agent]!;
    countIn(backs);
  };
  /** The next step of a connection by its state. */
  const steps = [connect, connected, subscribe, subscribed];
  /** API Gateway has noticed a lost connection: deletes its rows if the table permits. */
  const leave = (agent: number): void => {
    const done = wrote(count + agent, UNITS.leave, shardOf(agent));
    if (done === undefined) return;
    invoked(CALLS_MS.leave);
    if (!done) refused.departures += weight;
  };

  for (let agent = 0; agent < count; agent += 1) {
    const gone = lost[agent]!;
    wheel.plan(agent, gone + backoff(0, RETRY_BASE, RETRY_CAP, random()) + LATENCY_MS.handshake);
    wheel.plan(count + agent, gone + noticedMs[0] + random() * (noticedMs[1] - noticedMs[0]));
  }
  for (let entity = wheel.next(); entity >= 0; entity = wheel.next()) {
    if (entity < count) steps[at[entity]!]!(entity);
    else leave(entity - count);
  }
  away.sort();
  const awayAt = (share: number): number => Math.round(away[Math.ceil(count * share) - 1] ?? 0);
  return {
    lastBackMs,
    awayMs: { p50: awayAt(0.5), p99: awayAt(0.99) },
    usd: usdOf(used),
    used,
    back: Math.round(back),
    refused,
    peakPerSecond: opened.reduce((most, each) => Math.max(most, each), 0),
    timeline: cumulated(backs),
    openedAt,
  };
};

/** Cumulative sums. Missing items count as 0. */
const cumulated = (counts: readonly number[]): number[] => {
  let sum = 0;
  return Array.from(counts, (count: number | undefined) => (sum += count ?? 0));
};
