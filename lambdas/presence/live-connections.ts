import type { Clock } from "../ports.js";
import { type Liveness, readLiveness, shardsFrom } from "./liveness.js";
import type { PresenceEntry } from "./members.js";

/**
 * How old an entry must be to count without a liveness row, in milliseconds. The row is older than the entry, but an
 * eventually consistent read may not have it for a second.
 */
const MIN_AGE_MS = 10_000;

/** Decides whether the connection of an entry is still a member. */
export type LivenessTest = (entry: Pick<PresenceEntry, "connectionId" | "changedAt" | "until">) => boolean;

/**
 * Reads all liveness rows, and returns a test. An entry without a liveness row is left behind: its function wrote it
 * while another one removed the agent, or crashed. Neither `$disconnect` nor the presence checker finds such an entry.
 */
export const readLiveConnections = async ({
  liveness,
  clock,
}: {
  liveness: Pick<Liveness, "ofShard">;
  clock: Pick<Clock, "now">;
}): Promise<LivenessTest> => {
  const readAt = clock.now();
  const rows = await readLiveness(liveness, shardsFrom(0));
  const connections = new Set(rows.map(({ connectionId }) => connectionId));
  return ({ connectionId, changedAt, until }) =>
    // An entry of version 0.2.0 has a lease of its own instead.
    until !== undefined || changedAt > readAt - MIN_AGE_MS || connections.has(connectionId);
};
