import { type Reply, Meta, type RequestTarget } from "../../protocol/index.js";
import type { Agent } from "../connection/agent.js";
import { forChannel, failure, encodeReplies, DEFAULT_MESSAGES } from "../requests/replies.js";
import { notifyAndClose } from "../connection/close-connection.js";
import { Frame } from "../delivery/frame.js";
import { userChannel } from "../subscriptions/user-channel.js";
import { limiter } from "../util/limiter.js";
import type { Clock, Connections, Log, Store, Subscriber } from "../ports.js";
import { postTo } from "../delivery/post-to-connections.js";
import { subscribersOf } from "../delivery/recipients.js";
import { removeAgent, type RemovalDependencies } from "../connection/remove-agent.js";

/** What ending agents and subscriptions needs. */
export interface RevocationDependencies extends RemovalDependencies {
  store: RemovalDependencies["store"] & Pick<Store, "subscribers" | "putExpired" | "agents">;
  connections: Connections;
  clock: Clock;
  log: Pick<Log, "error" | "warn">;
  settings: {
    /** How long all of it may take, in milliseconds: what could not be begun by then is not begun. */
    fanOutMs: number;
  };
}

/** Not all of what was asked for could be done; asking again does the rest. */
export class Incomplete extends Error {
  override name = "Incomplete";
}

/** How many connections are worked on at once. */
const CONNECTIONS_IN_FLIGHT = 16;

/** Does some work for each connection, in parallel and within the budget. Throws `Incomplete` where not all was done. */
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
      if (clock.now() >= deadline) throw new Incomplete("no time was left");
      if (await work(connection, deadline)) counted += 1;
    } catch (error) {
      failed += 1;
      log.error("revocation_failed", { connection: connection.connectionId, error: String(error) });
    }
  };
  await Promise.all(connections.map((connection) => limited(() => attempt(connection))));
  if (failed > 0) throw new Incomplete(`${failed} of ${connections.length} connections are not done`);
  return counted;
};

/** Whose connections these are. One that is named is not looked up: it is told and closed even if nothing is known of it. */
const connectionsOf = async ({ store }: RevocationDependencies, target: RequestTarget): Promise<Subscriber[]> =>
  "userId" in target
    ? subscribersOf(store, userChannel(target.userId))
    : [{ connectionId: target.connectionId, connectedAt: 0 }];

/**
 * Ends agents: nothing is delivered to them any more, each is told and its connection closed, and `onDisconnect` is told.
 *
 * The order is what makes it certain. First the sweep is given the connections: whatever happens to this Lambda, they
 * will be closed and forgotten. Then each agent's row is claimed: from here on no frame of it finds an agent (but for
 * what Lambdas have in their caches), and a subscription that is just being made is taken back by who makes it, because
 * the agent is gone. At once the connection is told and closed, beside the deletion of its subscriptions: a publication
 * that has read them before finds a closed connection. What the table refuses closes the connection all the same.
 * @returns how many connections had an agent
 * @throws Incomplete where not all could be ended in time; what is left, the sweep ends, or asking again
 */
export const disconnect = async (
  system: RevocationDependencies,
  target: RequestTarget,
  reason: string | undefined,
): Promise<number> => {
  const { store, guards, connections, clock } = system;
  const found = await connectionsOf(system, target);
  const overdue = Math.floor(clock.now() / 1000);
  await store.putExpired(
    found.map(({ connectionId }) => connectionId),
    overdue,
  );
  const answer = failure(Meta.connect, undefined, "revoked", reason || DEFAULT_MESSAGES.revoked);
  return forEach(system, found, async ({ connectionId }) => {
    let ended: Promise<boolean> | undefined;
    let had = false;
    const end = (): Promise<boolean> => (ended ??= notifyAndClose(connections, connectionId, answer));
    const left = async (agent: Agent): Promise<void> => {
      had = true;
      await Promise.all([end(), guards.disconnected(agent)]);
    };
    try {
      await removeAgent({ store, guards: { disconnected: left } }, { connectionId });
    } finally {
      await end();
    }
    // One that API Gateway did not close is left to the sweep; it has no agent any more.
    if (await end()) await store.deleteRegistration(connectionId, overdue);
    return had;
  });
};

/**
 * Ends subscriptions, and tells each agent afterwards, whether it was subscribed or not: so that asking again tells who
 * was not told. One that cannot be told is not left in the belief that it is still subscribed: its connection is closed.
 * @returns how many connections were told
 * @throws Incomplete where not all could be ended in time; asking again does the rest
 */
export const unsubscribe = async (
  system: RevocationDependencies,
  target: RequestTarget,
  channel: string,
  reason: string | undefined,
): Promise<number> => {
  const { store, connections, log } = system;
  const found = await connectionsOf(system, target);
  const answer: Reply = {
    ...forChannel(channel, { channel: Meta.unsubscribe, successful: true }),
    code: "revoked",
    error: reason || DEFAULT_MESSAGES.revoked,
  };
  const frames = [new Frame(encodeReplies([answer]))];
  return forEach(system, found, async (connection, deadline) => {
    const { connectionId } = connection;
    await store.deleteSubscriptions(connectionId, [channel]);
    // Over, or renewed by somebody who has not come to this row yet.
    if (connection.expired && !(await store.agents([connectionId])).has(connectionId)) return false;
    const step = await postTo(system, connection, frames, { postsUntil: deadline, patienceMs: Infinity });
    if (step === "done") return true;
    log.warn("not_told", { connection: connectionId });
    if (!(await connections.close(connectionId))) throw new Incomplete("neither told nor closed");
    return false;
  });
};
