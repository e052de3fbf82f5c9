import type { Reply, Meta, ConnectionInfo } from "../../protocol/index.js";
import type { Agent } from "../core/agent.js";
import { denial, facts, failure, success } from "../core/answers.js";
import { tellAndClose } from "../core/farewell.js";
import type { Connections } from "../core/ports.js";
import { readFrame, readMetaFrame, uuidOf } from "../core/requests.js";
import { GuardsNotLoaded } from "./guards-not-loaded.js";
import { answered, type FrameEvent, logRefusals, type RouteResult } from "./route.js";
import type { System } from "./system.js";

/** What a frame is told besides, or what is wrong with it. */
export type Besides = (
  agent: Agent,
  body: string | undefined,
) => Promise<{ facts: Pick<ConnectionInfo, "absentChannels" | "laggingChannels"> } | { faults: Reply[] }>;

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
  async (event: FrameEvent): Promise<RouteResult> => {
    const { body, requestContext } = event;
    const { connectionId } = requestContext;
    let isUnloaded = false;
    const read = readMetaFrame(body, channel);
    const uuid = uuidOf(readFrame(body));
    const farewell = async (answer: Reply): Promise<RouteResult> => {
      await tellAndClose(connections, connectionId, answer);
      return answered([]);
    };
    const serve = async (): Promise<RouteResult> => {
      try {
        const standing = await store.standing(connectionId);
        if (standing && "denial" in standing) {
          // The refusal was logged with the handshake.
          await farewell(denial(uuid, standing.denial));
          isUnloaded = standing.denial.unloaded === true;
          return answered([]);
        }
        if (!standing) {
          const answer = failure(channel, uuid, "unknown_agent");
          logRefusals(log, event, [answer]);
          return await farewell(answer);
        }
        const refused = (faults: Reply[]): RouteResult => {
          logRefusals(log, event, faults, standing.agent);
          return answered(faults);
        };
        if ("faults" in read) return refused(read.faults);
        const told = await besides(standing.agent, body);
        if ("faults" in told) return refused(told.faults);
        return answered([
          success(channel, read.request.uuid, { ...facts(standing.agent, settings, clock.now()), ...told.facts }),
        ]);
      } catch (error) {
        log.error("route_failed", {
          route: requestContext.routeKey,
          connection: connectionId,
          ...(uuid === undefined ? {} : { uuid }),
          error: String(error),
        });
        return answered([failure(channel, uuid, "unavailable")]);
      }
    };
    const result = await serve();
    // Told and closed: what API Gateway makes of the failure reaches nobody.
    if (isUnloaded) throw new GuardsNotLoaded();
    return result;
  };
