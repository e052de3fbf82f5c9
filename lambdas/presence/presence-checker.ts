import { withPresence } from "../../protocol/channel-settings.js";
import { removeAgent, type RemovalDependencies } from "../connection/remove-agent.js";
import type { Clock, Connections, ConnectionStates, Log, Store } from "../ports.js";
import type { Settings } from "../settings.js";
import { limiter } from "../util/limiter.js";
import { type LiveConnection, type Liveness, readLiveness, shardsFrom } from "./liveness.js";
import type { PresenceRecorder } from "./presence-recorder.js";

/** The ports that the presence checker uses. */
export interface PresenceCheckerDependencies extends RemovalDependencies {
  store: RemovalDependencies["store"] & Pick<Store, "connectionSubscriptions">;
  liveness: Pick<Liveness, "ofShard" | "markSilent" | "endSilent">;
  recorder: Pick<PresenceRecorder, "leave">;
  connections: ConnectionStates & Pick<Connections, "close">;
  settings: Pick<Settings, "channels" | "presenceLeaseMs" | "presenceHeartbeatMs" | "presenceChecksPerSecond">;
  clock: Clock;
  log: Pick<Log, "error">;
}

/** How long after its interval a heartbeat may arrive, in milliseconds. Browsers wake hidden tabs once a minute. */
export const HEARTBEAT_MARGIN_MS = 60_000;

/** How long after it joined a connection is not checked, in milliseconds: its handshake may not have ended. */
const NEW_MEMBER_MS = 30_000;

/** How long a 410 waits for the second one, in milliseconds. A single 410 can be wrong. */
export const SECOND_CHECK_MS = 2_000;

/** How often the schedule runs the checker, in milliseconds. */
const RUN_MS = 60_000;

/** How many calls run at once: enough for 1,000 a second, if each takes 60 ms. */
const CHECKS_IN_FLIGHT = 64;

/** The shortest wait between calls, in milliseconds. Shorter ones add up, because each timer takes some time itself. */
export const PACE_MS = 100;

/** How many connections are ended at once. */
const ENDS_IN_FLIGHT = 16;

/** Connections of one run. */
export interface CheckResult {
  /** API Gateway was asked about these. */
  checked: number;
  /** These had closed without a notice, and were removed. */
  closed: number;
  /** These were silent for too long, and left their channels. */
  silent: number;
  /** There was no time for these, or their removal failed. */
  left: number;
}

/**
 * The shards of one run. A longer lease leaves time for several runs: each takes its part of the shards.
 * @param minute number of the run
 */
const shardsOf = (leaseMs: number, minute: number, random: number): number[] => {
  const runs = Math.max(1, Math.floor(leaseMs / RUN_MS) - 1);
  return shardsFrom(random).filter((shard) => shard % runs === minute % runs);
};

/**
 * Finds members that are not there any more. A connection that API Gateway does not know was closed: its agent is removed.
 * If the last heartbeat of a connection is too old, its network has vanished, and it leaves its channels. It stays open
 * until API Gateway closes it, because its client may be back.
 * @param at when the schedule started this run, in epoch milliseconds
 * @param hasTime whether there is time for one more call
 */
export const checkPresence = async (
  system: PresenceCheckerDependencies,
  at: number,
  hasTime: () => boolean,
): Promise<CheckResult> => {
  const { liveness, settings, clock } = system;
  const result: CheckResult = { checked: 0, closed: 0, silent: 0, left: 0 };
  const suspects: LiveConnection[] = [];
  const end = ending(system, result);
  const heartbeatLeaseMs = settings.presenceHeartbeatMs + HEARTBEAT_MARGIN_MS;
  const shards = shardsOf(settings.presenceLeaseMs, Math.floor(at / RUN_MS), clock.random());
  const found = await readLiveness(liveness, shards);
  const now = clock.now();
  const ask = pacedBy(system, hasTime);
  await Promise.all(
    found.map(async (each) => {
      const { connectionId, heartbeatAt, silentSince } = each;
      if (silentSince !== undefined || now - heartbeatAt > heartbeatLeaseMs) return end(each, endSilent);
      if (now - heartbeatAt < NEW_MEMBER_MS) return;
      const exists = await ask(connectionId);
      if (exists === "late") result.left += 1;
      else result.checked += 1;
      if (exists === false) suspects.push(each);
    }),
  );
  if (suspects.length > 0) await clock.sleep(SECOND_CHECK_MS);
  await Promise.all(
    suspects.map(async (each) => {
      const exists = await ask(each.connectionId);
      if (exists === "late") result.left += 1;
      else if (exists === false) await end(each, endClosed);
    }),
  );
  return result;
};

type Ask = (connectionId: string) => Promise<boolean | "late" | undefined>;

/** Asks API Gateway about connections, at most so many in a second. */
const pacedBy = ({ connections, settings, clock }: PresenceCheckerDependencies, hasTime: () => boolean): Ask => {
  const limited = limiter(CHECKS_IN_FLIGHT);
  const paceMs = 1_000 / settings.presenceChecksPerSecond;
  let next = clock.now();
  return (connectionId) =>
    limited(async () => {
      if (!hasTime()) return "late";
      const begins = Math.max(next, clock.now());
      next = begins + paceMs;
      if (begins - clock.now() >= PACE_MS) await clock.sleep(begins - clock.now());
      return connections.exists(connectionId);
    });
};

type End = (
  system: PresenceCheckerDependencies,
  connection: LiveConnection,
) => Promise<"closed" | "silent" | undefined>;

/** Ends connections, a few at a time. The next run repeats what fails. */
const ending = (
  system: PresenceCheckerDependencies,
  result: CheckResult,
): ((connection: LiveConnection, end: End) => Promise<void>) => {
  const limited = limiter(ENDS_IN_FLIGHT);
  return (connection, end) =>
    limited(async () => {
      try {
        const outcome = await end(system, connection);
        if (outcome) result[outcome] += 1;
      } catch (error) {
        result.left += 1;
        system.log.error("presence_check_failed", { connection: connection.connectionId, error: String(error) });
      }
    });
};

/** A 410 can be wrong. Then closing ends a live socket, and its SDK reconnects. */
const endClosed: End = async (system, { connectionId }) => {
  if (!(await system.connections.close(connectionId))) return undefined;
  await removeAgent(system, { connectionId });
  return "closed";
};

/**
 * The connection leaves its channels. Each step can be repeated: the mark keeps the connection absent, also if its client
 * sends a heartbeat meanwhile. If it subscribes again meanwhile, it stays.
 */
const endSilent: End = async ({ store, liveness, recorder, settings, clock }, connection) => {
  const { connectionId } = connection;
  const since = connection.silentSince ?? clock.now();
  if (!(await liveness.markSilent(connection, since))) return undefined;
  const { channels } = await store.connectionSubscriptions(connectionId);
  await recorder.leave(connectionId, withPresence(settings.channels, channels), since);
  await liveness.endSilent(connectionId);
  return "silent";
};
