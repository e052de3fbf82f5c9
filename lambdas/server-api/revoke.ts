import { type Reply, Meta, type RequestTarget } from "../../protocol/index.js";
import type { Agent } from "../connection/agent.js";
import { DEFAULT_MESSAGES } from "../../protocol/code-messages.js";
import { forChannel, failure, encodeReplies } from "../requests/replies.js";
import { notifyAndClose } from "../connection/close-connection.js";
import { Frame } from "../delivery/frame.js";
import { userChannel } from "../subscriptions/user-channel.js";
import { limiter } from "../util/limiter.js";
import type { Clock, Connections, Log, Store, Subscriber } from "../ports.js";
import { postTo } from "../delivery/post-to-connections.js";
import { subscribersOf } from "../delivery/recipients.js";
import { removeAgent, type RemovalDependencies } from "../connection/remove-agent.js";

/** The ports that revoking agents and subscriptions uses. */
export interface RevocationDependencies extends RemovalDependencies {
  store: RemovalDependencies["store"] & Pick<Store, "subscribers" | "putExpired" | "agents">;
  connections: Connections;
  clock: Clock;
  log: Pick<Log, "error" | "warn">;
  settings: {
    /** Maximum time, in milliseconds: later work is not started. */
    fanOutMs: number;
  };
}

/** Only a part of the request was done; repeating it does the rest. */
export class Incomplete extends Error {
  override name = "Incomplete";
}

/** How many connections are processed at once. */
const CONNECTIONS_IN_FLIGHT = 16;

/**
 * Does some work for each connection, in parallel and within the time budget.
 * @throws Incomplete if some of it was not done
 */
const forEach = async (
  { clock, log, settings }: RevocationDependencies,
  connections: readonly Subscriber[],
  work: (connection: Subscriber, deadline: number) => Promise<boolean>,
): Promise<number> => {
  const deadline = clock.now() + settings.fanOutMs;
  const limited = limiter(CONNECTIONS_IN_FLIGHT);
  let counted = 0;
  let failed = 0;
  const attempt = async (connection: Subscriber): Promise<void> => {
    try {
      if (clock.now() >= deadline) throw new Incomplete("no time left");
      if (await work(connection, deadline)) counted += 1;
    } catch (error) {
      failed += 1;
      log.error("revocation_failed", { connection: connection.connectionId, error: String(error) });
    }
  };
  await Promise.all(connections.map((connection) => limited(() => attempt(connection))));
  if (failed > 0) throw new Incomplete(`${failed} of ${connections.length} connections failed; repeat the request`);
  return counted;
};

/**
 * The connections of a target. A target by connection id is not looked up: it is notified and closed even if it has no
 * row.
 */
const connectionsOf = async ({ store }: RevocationDependencies, target: RequestTarget): Promise<Subscriber[]> =>
  "userId" in target
    ? subscribersOf(store, userChannel(target.userId))
    : [{ connectionId: target.connectionId, connectedAt: 0 }];

/**
 * Revokes agents: deliveries to them stop, each is notified and its connection closed, and `onDisconnect` runs.
 *
 * The order makes this certain. First, the connections are registered for the sweep: after a crash of this function,
 * the sweep closes and removes them. Then each agent's row is taken. From here on its frames find no agent, except in
 * other functions' caches. A subscription that is being written at this moment is deleted by its writer, because the
 * agent is gone. The connection is notified and closed in parallel with the deletion of its subscriptions. So a
 * publication that has read these before finds a closed connection. If the table fails, the connection is closed all
 * the same.
 * @returns number of connections that had an agent
 * @throws Incomplete if some could not be revoked in time; the sweep or a repeated request revokes the rest
 */
export const disconnect = async (
  system: RevocationDependencies,
  target: RequestTarget,
  reason: string | undefined,
): Promise<number> => {
  const { store, guards, connections, clock } = system;
  const found = await connectionsOf(system, target);
  const deadline = Math.floor(clock.now() / 1000);
  await store.putExpired(
    found.map(({ connectionId }) => connectionId),
    deadline,
  );
  const reply = failure(Meta.connect, undefined, "revoked", reason || DEFAULT_MESSAGES.revoked);
  return forEach(system, found, async ({ connectionId }) => {
    let closed: Promise<boolean> | undefined;
    let hadAgent = false;
    const notifyAndCloseOnce = (): Promise<boolean> => (closed ??= notifyAndClose(connections, connectionId, reply));
    const onRemoved = async (agent: Agent): Promise<void> => {
      hadAgent = true;
      await Promise.all([notifyAndCloseOnce(), guards.disconnected(agent)]);
    };
    try {
      await removeAgent({ store, guards: { disconnected: onRemoved } }, { connectionId });
    } finally {
      await notifyAndCloseOnce();
    }
    // If API Gateway did not close it, the sweep does; it has no agent any more.
    if (await notifyAndCloseOnce()) await store.deleteRegistration(connectionId, deadline);
    return hadAgent;
  });
};

/**
 * Revokes subscriptions, and notifies each agent afterwards, even if it was not subscribed: a repeated request reaches
 * the agents that were not notified before. If an agent cannot be notified, its connection is closed, so that no client
 * wrongly assumes it is subscribed.
 * @returns number of notified connections
 * @throws Incomplete if some could not be revoked in time; repeating the request revokes the rest
 */
export const unsubscribe = async (
  system: RevocationDependencies,
  target: RequestTarget,
  channel: string,
  reason: string | undefined,
): Promise<number> => {
  const { store, connections, log } = system;
  const found = await connectionsOf(system, target);
  const reply: Reply = {
    ...forChannel(channel, { channel: Meta.unsubscribe, successful: true }),
    code: "revoked",
    error: reason || DEFAULT_MESSAGES.revoked,
  };
  const frames = [new Frame(encodeReplies([reply]))];
  return forEach(system, found, async (connection, deadline) => {
    const { connectionId } = connection;
    await store.deleteSubscriptions(connectionId, [channel]);
    // The agent has expired, or a renewal has not reached this row yet.
    if (connection.expired && !(await store.agents([connectionId])).has(connectionId)) return false;
    const step = await postTo(system, connection, frames, { postsUntil: deadline, retryBudgetMs: Infinity });
    if (step === "done") return true;
    log.warn("not_told", { connection: connectionId });
    if (!(await connections.close(connectionId))) throw new Incomplete("neither notified nor closed");
    return false;
  });
};
