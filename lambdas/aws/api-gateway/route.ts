import type { APIGatewayProxyWebsocketEventV2 } from "aws-lambda";
import { type Reply, MAX_MESSAGES_PER_FRAME, Meta } from "../../../protocol/index.js";
import { type Agent, EXPIRED } from "../../connection/agent.js";
import { denial, failure, encodeReplies, renewalDue } from "../../requests/replies.js";
import { notify, notifyAndClose } from "../../connection/close-connection.js";
import type { SerializedMessage } from "../../delivery/serialize.js";
import type { Connections, GuardPort, Log } from "../../ports.js";
import { refusalsIn } from "../../requests/refusals.js";
import { readFrame, uuidOf } from "../../requests/frame-parser.js";
import { GuardsNotLoaded } from "../lambda/guards-not-loaded.js";
import type { Dependencies } from "../create-dependencies.js";

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
const withRequestAddress = (agent: Agent, { requestContext }: FrameEvent): Agent => {
  const { identity } = requestContext as { identity?: { sourceIp?: string; userAgent?: string } };
  return {
    ...agent,
    sourceIp: identity?.sourceIp ?? agent.sourceIp,
    userAgent: identity?.userAgent ?? agent.userAgent,
  };
};

/** What a route works with. */
export interface RouteDependencies {
  directory: Pick<Dependencies["directory"], "connectionRecord">;
  connections: Connections;
  log: Pick<Log, "info" | "error">;
  guards: Pick<GuardPort, "unloaded">;
}

/** What a route tells its caller: answers, or none where it has told its caller itself, and messages that ride with them. */
export interface RouteReply {
  answers: Reply[];
  messages: readonly SerializedMessage[];
}

/** What a route does for an agent. */
export type RouteHandler = (event: FrameEvent, agent: Agent) => Promise<Reply[] | RouteReply>;

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
  system: RouteDependencies,
  work: RouteHandler,
  { silent = false } = {},
): ((event: FrameEvent) => Promise<RouteResult>) => {
  const { directory, connections, log, guards } = system;
  const answer = (told: Reply[] | RouteReply): RouteResult => (silent ? { statusCode: 200 } : routeResult(told));

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
      const standing = await directory.connectionRecord(connectionId);
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
        await notifyAndClose(connections, connectionId, ...told);
        return routeResult([]);
      }
      const told = await work(event, withRequestAddress(standing.agent, event));
      logRefusals(log, event, asRouteReply(told).answers, standing.agent);
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
    if (body === undefined || (await notify(connections, event.requestContext.connectionId, body)))
      throw new GuardsNotLoaded();
    return result;
  };
};

/** A route whose answers also ask the agent to renew, once that is due. */
export const route = (
  system: RouteDependencies & Pick<Dependencies, "clock">,
  work: RouteHandler,
  options?: { silent: boolean },
): ((event: FrameEvent) => Promise<RouteResult>) =>
  withAgent(
    system,
    async (event, agent) => {
      const { answers, messages } = asRouteReply(await work(event, agent));
      return { answers: [...answers, ...renewalDue(agent, system.clock.now())], messages };
    },
    options,
  );

const asRouteReply = (told: Reply[] | RouteReply): RouteReply =>
  Array.isArray(told) ? { answers: told, messages: [] } : told;

/** Answers as the route response that API Gateway sends back. */
export const routeResult = (told: Reply[] | RouteReply): RouteResult => {
  const { answers, messages } = asRouteReply(told);
  return answers.length === 0 ? { statusCode: 200 } : { statusCode: 200, body: encodeReplies(answers, messages) };
};
