import { type Reply, Meta, type ConnectionInfo } from "../../../protocol/index.js";
import type { Agent } from "../../connection/agent.js";
import { denial, connectionInfo, encodeReplies, failure, success } from "../../requests/replies.js";
import { notify, notifyAndClose } from "../../connection/close-connection.js";
import type { Connections } from "../../ports.js";
import { readFrame, readMetaFrame, uuidOf } from "../../requests/frame-parser.js";
import { GuardsNotLoaded } from "../lambda/guards-not-loaded.js";
import { routeResult, type FrameEvent, logRefusals, type RouteResult } from "./route.js";
import type { Dependencies } from "../create-dependencies.js";

/** Further fields of a status reply, or the errors of a frame. */
export type StatusExtras = (
  agent: Agent,
  body: string | undefined,
) => Promise<{ facts: Pick<ConnectionInfo, "absentChannels" | "laggingChannels"> } | { faults: Reply[] }>;

const NO_EXTRAS: StatusExtras = () => Promise.resolve({ facts: {} });

/** The ports of `connect`, `ping` and `heartbeat`. */
export type StatusDependencies = Pick<Dependencies, "settings" | "store" | "clock" | "log">;

/** The channel of a frame and its replies, and further fields of the replies. */
interface StatusQuery {
  channel: typeof Meta.connect | typeof Meta.ping;
  extras?: StatusExtras;
}

/**
 * The replies to a frame that asks for the connection's status. It reads the agent from its row, never from the cache. A
 * connection without an agent is notified and closed, so that no open socket is left. Then there are no replies.
 * @throws GuardsNotLoaded after a denial for this reason, so that Lambda counts an error
 */
const statusReplies = async (
  { settings, store, clock, log }: StatusDependencies,
  connections: Connections,
  { channel, extras = NO_EXTRAS }: StatusQuery,
  event: FrameEvent,
): Promise<Reply[]> => {
  const { body, requestContext } = event;
  const { connectionId } = requestContext;
  let isUnloaded = false;
  const read = readMetaFrame(body, channel);
  const uuid = uuidOf(readFrame(body));
  const closeWith = async (answer: Reply): Promise<Reply[]> => {
    await notifyAndClose(connections, connectionId, answer);
    return [];
  };
  const serve = async (): Promise<Reply[]> => {
    try {
      const record = await store.connectionRecord(connectionId);
      if (record && "denial" in record) {
        // The denial was logged with the handshake.
        await closeWith(denial(uuid, record.denial));
        isUnloaded = record.denial.unloaded === true;
        return [];
      }
      if (!record) {
        const answer = failure(channel, uuid, "unknown_agent");
        logRefusals(log, event, [answer]);
        return await closeWith(answer);
      }
      const refused = (faults: Reply[]): Reply[] => {
        logRefusals(log, event, faults, record.agent);
        return faults;
      };
      if ("faults" in read) return refused(read.faults);
      const more = await extras(record.agent, body);
      if ("faults" in more) return refused(more.faults);
      return [
        success(channel, read.request.uuid, {
          ...connectionInfo(record.agent, settings, clock.now()),
          ...more.facts,
        }),
      ];
    } catch (error) {
      log.error("route_failed", {
        route: requestContext.routeKey,
        connection: connectionId,
        ...(uuid === undefined ? {} : { uuid }),
        error: String(error),
      });
      return [failure(channel, uuid, "unavailable")];
    }
  };
  const replies = await serve();
  // The client is notified and its connection closed: API Gateway's error for the failure reaches no client.
  if (isUnloaded) throw new GuardsNotLoaded();
  return replies;
};

/** The common part of `connect` and `ping`: the reply is the route response. */
export const connectionStatus =
  (
    system: StatusDependencies,
    connections: Connections,
    channel: StatusQuery["channel"],
    extras?: StatusExtras,
  ): ((event: FrameEvent) => Promise<RouteResult>) =>
  async (event) =>
    routeResult(await statusReplies(system, connections, { channel, ...(extras && { extras }) }, event));

/** How long before an agent has to be renewed a heartbeat gets a reply, in milliseconds. */
const NEAR_EXPIRY_MS = 60_000;

/** Whether a reply has news for a client that knows the rest. */
const hasNews = ({ successful, data }: Reply): boolean => {
  const { laggingChannels, absentChannels, expiresInMs } = (data ?? {}) as Partial<ConnectionInfo>;
  return (
    !successful ||
    laggingChannels !== undefined ||
    absentChannels !== undefined ||
    (expiresInMs !== undefined && expiresInMs < NEAR_EXPIRY_MS)
  );
};

/**
 * `heartbeat`: a ping on a route without a route response. The function posts the reply if it has news. A post that fails
 * is not repeated: the next heartbeat has the same news.
 */
export const heartbeatStatus =
  (
    system: StatusDependencies,
    connections: Connections,
    extras: StatusExtras,
  ): ((event: FrameEvent) => Promise<RouteResult>) =>
  async (event) => {
    const replies = await statusReplies(system, connections, { channel: Meta.ping, extras }, event);
    const news = replies.filter(hasNews);
    if (news.length > 0) await notify(connections, event.requestContext.connectionId, encodeReplies(news));
    return routeResult([]);
  };
