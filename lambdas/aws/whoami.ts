import type { Reply, Meta, ConnectionInfo } from "../../protocol/index.js";
import type { Agent } from "../core/agent.js";
import { denial, facts, failure, success } from "../core/answers.js";
import { tellAndClose } from "../core/farewell.js";
import type { Connections } from "../core/ports.js";
import { readFrame, readMetaFrame, uuidOf } from "../core/requests.js";
import { answered, type FrameEvent, type RouteResult } from "./route.js";
import type { System } from "./system.js";

/** What a frame is told besides, or what is wrong with it. */
export type Besides = (agent: Agent, body: string | undefined) => Promise<{ facts: Pick<ConnectionInfo, "absentChannels" | "laggingChannels"> } | { faults: Reply[] }>;

const NOTHING: Besides = () => Promise.resolve({ facts: {} });

/**
 * What `connect` and `ping` have in common: the agent is read from its row, never from the cache. A connection without
 * an agent is told so and closed, so that no live socket can be forgotten.
 */
export const whoAmI =
  (
    { settings, store, clock, log }: Pick<System, "settings" | "store" | "clock" | "log">,
    connections: Connections,
    channel: typeof Meta.connect | typeof Meta.ping,
    besides = NOTHING,
  ) =>
  async ({ body, requestContext }: FrameEvent): Promise<RouteResult> => {
    const { connectionId } = requestContext;
    const read = readMetaFrame(body, channel);
    const uuid = uuidOf(readFrame(body));
    const farewell = async (answer: Reply): Promise<RouteResult> => {
      await tellAndClose(connections, connectionId, answer);
      return answered([]);
    };
    try {
      const standing = await store.standing(connectionId);
      if (standing && "denial" in standing) return await farewell(denial(uuid, standing.denial));
      if (!standing) return await farewell(failure(channel, uuid, "unknown_agent"));
      if ("faults" in read) return answered(read.faults);
      const told = await besides(standing.agent, body);
      if ("faults" in told) return answered(told.faults);
      return answered([success(channel, read.request.uuid, { ...facts(standing.agent, settings, clock.now()), ...told.facts })]);
    } catch (error) {
      log.error("route_failed", { route: requestContext.routeKey, error: String(error) });
      return answered([failure(channel, uuid, "unavailable")]);
    }
  };
