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

/** A frame, as API Gateway sends it to a route's function. */
export type FrameEvent = APIGatewayProxyWebsocketEventV2;

/**
 * The result of a route's function: a frame of replies for the route response; no body if the client was notified
 * already.
 */
export interface RouteResult {
  statusCode: number;
  body?: string;
}

/** The uuids of a frame's requests: its own, or those of its messages, as many as one frame of replies holds. */
const uuidsOf = (body: string | undefined): (string | undefined)[] => {
  const frame = readFrame(body);
  const messages = frame?.["messages"];
  if (!Array.isArray(messages) || messages.length === 0) return [uuidOf(frame)];
  return messages
    .slice(0, MAX_MESSAGES_PER_FRAME)
    .map((message: unknown) => uuidOf(typeof message === "object" && message !== null ? { ...message } : undefined));
};

/** The agent with the address and user agent of this event, which count more than the stored ones. */
const withRequestAddress = (agent: Agent, { requestContext }: FrameEvent): Agent => {
  const { identity } = requestContext as { identity?: { sourceIp?: string; userAgent?: string } };
  return {
    ...agent,
    sourceIp: identity?.sourceIp ?? agent.sourceIp,
    userAgent: identity?.userAgent ?? agent.userAgent,
  };
};

/** The ports that routes use. */
export interface RouteDependencies {
  directory: Pick<Dependencies["directory"], "connectionRecord">;
  connections: Connections;
  log: Pick<Log, "info" | "error">;
  guards: Pick<GuardPort, "unloaded">;
}

/**
 * A route's replies, none if the route has notified the client itself, and messages that are sent together with them.
 */
export interface RouteReply {
  answers: Reply[];
  messages: readonly SerializedMessage[];
}

/** A route's work for an agent. */
export type RouteHandler = (event: FrameEvent, agent: Agent) => Promise<Reply[] | RouteReply>;

/** Logs a line for each code with which requests of a frame were refused. */
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
 * A route that replies to its caller. It passes the connection's agent to the work. A connection without an agent gets
 * its denial, or that it is unknown; if its agent was not renewed in time, it is also closed. Failures are logged, and
 * the reply has no details.
 *
 * If the guards could not be loaded, the replies are posted, and then the invocation fails, so that Lambda counts it as
 * an error. Replies that cannot be posted are returned instead.
 * @param silent whether the caller gets no reply
 */
export const withAgent = (
  system: RouteDependencies,
  work: RouteHandler,
  { silent = false } = {},
): ((event: FrameEvent) => Promise<RouteResult>) => {
  const { directory, connections, log, guards } = system;
  const answer = (result: Reply[] | RouteReply): RouteResult => (silent ? { statusCode: 200 } : routeResult(result));

  /** Refuses a connection without an agent: one log line a frame, so that an unknown client cannot fill the log. */
  const refuse = (event: FrameEvent, refused: Reply[]): RouteResult => {
    logRefusals(log, event, refused.slice(0, 1));
    return answer(refused);
  };

  const serve = async (event: FrameEvent): Promise<RouteResult> => {
    const { connectionId } = event.requestContext;
    const uuids = uuidsOf(event.body);
    const all = (reply: (uuid: string | undefined) => Reply): Reply[] => uuids.map(reply);
    try {
      const record = await directory.connectionRecord(connectionId);
      if (!record)
        return refuse(
          event,
          all((uuid) => failure(Meta.error, uuid, "unknown_agent")),
        );
      if ("denial" in record) {
        const { denial: why } = record;
        const denials = all((uuid) => denial(uuid, why));
        if (why.code !== EXPIRED.code) return refuse(event, denials);
        logRefusals(log, event, denials.slice(0, 1));
        await notifyAndClose(connections, connectionId, ...denials);
        return routeResult([]);
      }
      const result = await work(event, withRequestAddress(record.agent, event));
      logRefusals(log, event, asRouteReply(result).answers, record.agent);
      return answer(result);
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

/** A route whose replies also ask the agent to renew when that is due. */
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

const asRouteReply = (result: Reply[] | RouteReply): RouteReply =>
  Array.isArray(result) ? { answers: result, messages: [] } : result;

/** Replies as the route response that API Gateway sends back. */
export const routeResult = (result: Reply[] | RouteReply): RouteResult => {
  const { answers, messages } = asRouteReply(result);
  return answers.length === 0 ? { statusCode: 200 } : { statusCode: 200, body: encodeReplies(answers, messages) };
};
