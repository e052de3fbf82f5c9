import type { APIGatewayProxyWebsocketEventV2 } from "aws-lambda";
import { type Reply, MAX_MESSAGES_PER_FRAME, Meta } from "../../protocol/index.js";
import { type Agent, EXPIRED } from "../core/agent.js";
import { denial, failure, frameOf, renewalDue } from "../core/answers.js";
import { tell, tellAndClose } from "../core/farewell.js";
import type { Packed } from "../core/pack.js";
import type { Connections, Guards, Log } from "../core/ports.js";
import { refusalsIn } from "../core/refusals.js";
import { readFrame, uuidOf } from "../core/requests.js";
import { GuardsNotLoaded } from "./guards-not-loaded.js";
import type { System } from "./system.js";

/** A frame as API Gateway hands it to a route's Lambda. */
export type FrameEvent = APIGatewayProxyWebsocketEventV2;

/** What a route's Lambda returns: a frame of answers, which its route response sends; none where all has been told. */
export interface RouteResult {
  statusCode: number;
  body?: string;
}

/** The uuids of a frame's requests: its own, or those of its messages, as many as one frame of answers holds. */
const uuidsOf = (body: string | undefined): (string | undefined)[] => {
  const frame = readFrame(body);
  const messages = frame?.["messages"];
  if (!Array.isArray(messages) || messages.length === 0) return [uuidOf(frame)];
  return messages
    .slice(0, MAX_MESSAGES_PER_FRAME)
    .map((message: unknown) => uuidOf(typeof message === "object" && message !== null ? { ...message } : undefined));
};

/** The agent as it is in this event: its address can be read here, whatever the row says. */
const seen = (agent: Agent, { requestContext }: FrameEvent): Agent => {
  const { identity } = requestContext as { identity?: { sourceIp?: string; userAgent?: string } };
  return {
    ...agent,
    sourceIp: identity?.sourceIp ?? agent.sourceIp,
    userAgent: identity?.userAgent ?? agent.userAgent,
  };
};

/** What a route works with. */
export interface Routing {
  directory: Pick<System["directory"], "standing">;
  connections: Connections;
  log: Pick<Log, "info" | "error">;
  guards: Pick<Guards, "unloaded">;
}

/** What a route tells its caller: answers, or none where it has told its caller itself, and messages that ride with them. */
export interface Told {
  answers: Reply[];
  messages: readonly Packed[];
}

/** What a route does for an agent. */
export type Work = (event: FrameEvent, agent: Agent) => Promise<Reply[] | Told>;

/** Writes a line for each code with which requests of a frame were refused. */
export const logRefusals = (
  log: Pick<Log, "info">,
  { requestContext }: FrameEvent,
  answers: readonly Reply[],
  agent?: Agent,
): void => {
  const { routeKey: route, connectionId: connection } = requestContext;
  for (const refusal of refusalsIn(answers))
    log.info("refused", { route, connection, ...(agent && { agent: agent.uuid }), ...refusal });
};

/**
 * A route that answers its caller. The work gets the connection's agent; a connection that has none is answered here:
 * with its denial, or that it is unknown. One whose agent was not renewed in time is told so, and closed. What fails is
 * logged, and answered without any detail.
 *
 * If the guards could not be loaded, the answers are posted, and then the invocation fails: so that Lambda counts it as an
 * error. Answers that cannot be posted are returned instead.
 * @param silent whether the caller gets no answer
 */
export const withAgent = (
  system: Routing,
  work: Work,
  { silent = false } = {},
): ((event: FrameEvent) => Promise<RouteResult>) => {
  const { directory, connections, log, guards } = system;
  const answer = (told: Reply[] | Told): RouteResult => (silent ? { statusCode: 200 } : answered(told));

  /** A connection without an agent: one line a frame, so that a stranger writes no more. */
  const refuse = (event: FrameEvent, refused: Reply[]): RouteResult => {
    logRefusals(log, event, refused.slice(0, 1));
    return answer(refused);
  };

  const serve = async (event: FrameEvent): Promise<RouteResult> => {
    const { connectionId } = event.requestContext;
    const uuids = uuidsOf(event.body);
    const all = (reply: (uuid: string | undefined) => Reply): Reply[] => uuids.map(reply);
    try {
      const standing = await directory.standing(connectionId);
      if (!standing)
        return refuse(
          event,
          all((uuid) => failure(Meta.error, uuid, "unknown_agent")),
        );
      if ("denial" in standing) {
        const { denial: why } = standing;
        const told = all((uuid) => denial(uuid, why));
        if (why.code !== EXPIRED.code) return refuse(event, told);
        logRefusals(log, event, told.slice(0, 1));
        await tellAndClose(connections, connectionId, ...told);
        return answered([]);
      }
      const told = await work(event, seen(standing.agent, event));
      logRefusals(log, event, toldBy(told).answers, standing.agent);
      return answer(told);
    } catch (error) {
      const uuid = uuids.find((each) => each !== undefined);
      log.error("route_failed", {
        route: event.requestContext.routeKey,
        connection: connectionId,
        ...(uuid === undefined ? {} : { uuid }),
        error: String(error),
      });
      return answer(all((each) => failure(Meta.error, each, "unavailable")));
    }
  };

  return async (event) => {
    const result = await serve(event);
    if (!guards.unloaded()) return result;
    const { body } = result;
    if (body === undefined || (await tell(connections, event.requestContext.connectionId, body)))
      throw new GuardsNotLoaded();
    return result;
  };
};

/** A route whose answers also ask the agent to renew, once that is due. */
export const route = (
  system: Routing & Pick<System, "clock">,
  work: Work,
  options?: { silent: boolean },
): ((event: FrameEvent) => Promise<RouteResult>) =>
  withAgent(
    system,
    async (event, agent) => {
      const { answers, messages } = toldBy(await work(event, agent));
      return { answers: [...answers, ...renewalDue(agent, system.clock.now())], messages };
    },
    options,
  );

const toldBy = (told: Reply[] | Told): Told => (Array.isArray(told) ? { answers: told, messages: [] } : told);

/** Answers as the route response that API Gateway sends back. */
export const answered = (told: Reply[] | Told): RouteResult => {
  const { answers, messages } = toldBy(told);
  return answers.length === 0 ? { statusCode: 200 } : { statusCode: 200, body: frameOf(answers, messages) };
};
