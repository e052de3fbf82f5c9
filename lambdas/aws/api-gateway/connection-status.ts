import type { Reply, Meta, ConnectionInfo } from "../../../protocol/index.js";
import type { Agent } from "../../connection/agent.js";
import { denial, connectionInfo, failure, success } from "../../requests/replies.js";
import { notifyAndClose } from "../../connection/close-connection.js";
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

/**
 * The common part of `connect` and `ping`: it reads the agent from its row, never from the cache. A connection without
 * an agent is notified and closed, so that no open socket is left.
 */
export const connectionStatus =
  (
    { settings, store, clock, log }: Pick<Dependencies, "settings" | "store" | "clock" | "log">,
    connections: Connections,
    channel: typeof Meta.connect | typeof Meta.ping,
    extras = NO_EXTRAS,
  ) =>
  async (event: FrameEvent): Promise<RouteResult> => {
    const { body, requestContext } = event;
    const { connectionId } = requestContext;
    let isUnloaded = false;
    const read = readMetaFrame(body, channel);
    const uuid = uuidOf(readFrame(body));
    const closeWith = async (answer: Reply): Promise<RouteResult> => {
      await notifyAndClose(connections, connectionId, answer);
      return routeResult([]);
    };
    const serve = async (): Promise<RouteResult> => {
      try {
        const record = await store.connectionRecord(connectionId);
        if (record && "denial" in record) {
          // The denial was logged with the handshake.
          await closeWith(denial(uuid, record.denial));
          isUnloaded = record.denial.unloaded === true;
          return routeResult([]);
        }
        if (!record) {
          const answer = failure(channel, uuid, "unknown_agent");
          logRefusals(log, event, [answer]);
          return await closeWith(answer);
        }
        const refused = (faults: Reply[]): RouteResult => {
          logRefusals(log, event, faults, record.agent);
          return routeResult(faults);
        };
        if ("faults" in read) return refused(read.faults);
        const more = await extras(record.agent, body);
        if ("faults" in more) return refused(more.faults);
        return routeResult([
          success(channel, read.request.uuid, {
            ...connectionInfo(record.agent, settings, clock.now()),
            ...more.facts,
          }),
        ]);
      } catch (error) {
        log.error("route_failed", {
          route: requestContext.routeKey,
          connection: connectionId,
          ...(uuid === undefined ? {} : { uuid }),
          error: String(error),
        });
        return routeResult([failure(channel, uuid, "unavailable")]);
      }
    };
    const result = await serve();
    // The client is notified and its connection closed: API Gateway's error for the failure reaches no client.
    if (isUnloaded) throw new GuardsNotLoaded();
    return result;
  };
