import { once } from "node:events";
import { Agent, type IncomingMessage, type OutgoingHttpHeaders, request as httpRequest } from "node:http";
import { buffer } from "node:stream/consumers";
import { sign } from "aws4";
import { WebSocket } from "ws";
import { SUBPROTOCOL } from "../../../protocol/index.js";
import { roundTo2, percentilesOf } from "../stats.js";
import type { LoadRuntime } from "../load/runtime.js";

/**
 * The emulation's part of the time from a publisher to a subscriber, in milliseconds: medians, measured in turn without
 * other load.
 */
export interface EmulationTimes {
  /** The gateway's part of a frame and its reply: a `ping` without its function. */
  gateway: number;
  /** Invoking an empty function. */
  invoke: number;
  /** The publication's Query, as an HTTP request to the local DynamoDB. */
  query: number;
  /** A POST to `@connections`, until the frame arrives. */
  post: number;
  /** The sum of the four parts. */
  total: number;
  /** The whole time of one publication. The rest is this project's code. */
  received: number;
}

/** Warm-up requests. */
const WARM_UP = 10;

const REGION = "us-east-1";

/** Sends a signed HTTP request over a persistent connection. */
const signedRequest = async (
  agent: Agent,
  { credentials }: LoadRuntime,
  at: URL,
  { service, headers, body }: { service: string; headers: OutgoingHttpHeaders; body: string },
): Promise<void> => {
  const options = { service, region: REGION, method: "POST", host: at.host, path: at.pathname, headers, body };
  const signed = sign(options, credentials);
  const { hostname, port } = at;
  const sent = httpRequest({ agent, hostname, port, method: "POST", path: at.pathname, headers: signed.headers ?? {} });
  sent.end(body);
  const [response] = (await once(sent, "response")) as [IncomingMessage];
  const answer = await buffer(response);
  if (response.statusCode !== 200) throw new Error(`${service} answered ${response.statusCode}: ${answer.toString()}`);
};

const timed = (work: () => Promise<unknown>) => async (): Promise<number> => {
  const begun = performance.now();
  await work();
  return performance.now() - begun;
};

/** Opens a socket without the SDK. */
const open = async (url: string): Promise<WebSocket> => {
  const socket = new WebSocket(url, SUBPROTOCOL, { perMessageDeflate: false });
  await once(socket, "open");
  return socket;
};

/** The measured parts, in turn. */
const PARTS = ["gateway", "invoke", "query", "post", "received"] as const;

/** Measures each part once in each round, so that disturbances affect all alike. */
const measureInTurn = async (times: number, measure: Record<(typeof PARTS)[number], () => Promise<number>>) => {
  const took = { gateway: [], invoke: [], query: [], post: [], received: [] } as Record<keyof typeof measure, number[]>;
  for (let round = -WARM_UP; round < times; round += 1) {
    for (const part of PARTS) {
      const ms = await measure[part]();
      if (round >= 0) took[part].push(ms);
    }
  }
  return took;
};

/**
 * Measures the parts of the emulation.
 * @param channel whose subscribers the Query reads
 * @param publish publishes on the channel, and returns the time to the first subscriber
 * @param times measurements of each part
 */
export const measureEmulation = async (
  runtime: LoadRuntime,
  channel: string,
  publish: () => Promise<number>,
  times: number,
): Promise<EmulationTimes> => {
  const { child, websocketUrl, managementUrl, dynamodbUrl, table } = runtime;
  const agent = new Agent({ keepAlive: true });
  const socket = await open(websocketUrl);
  try {
    let connectionId = "";
    const gateway = async (): Promise<number> => {
      await child.call("invocations", "ping");
      const begun = performance.now();
      socket.send(JSON.stringify({ action: "ping", channel: "/meta/ping", uuid: "p" }));
      await once(socket, "message");
      const all = performance.now() - begun;
      const [invocation] = await child.call("invocations", "ping");
      if (!invocation) throw new Error("a ping was answered without its function");
      connectionId = invocation.connectionId;
      return all - invocation.ms;
    };
    const invoke = () => child.call("invokeEmpty");
    const body = JSON.stringify({
      TableName: table,
      KeyConditionExpression: "pk = :pk",
      ExpressionAttributeValues: { ":pk": { S: `c#${channel}` } },
      ConsistentRead: true,
    });
    const headers = { "Content-Type": "application/x-amz-json-1.0", "X-Amz-Target": "DynamoDB_20120810.Query" };
    const query = timed(() =>
      signedRequest(agent, runtime, new URL(dynamodbUrl), { service: "dynamodb", headers, body }),
    );
    const frame = JSON.stringify({ channel, uuid: "q", data: null });
    const post = timed(async () => {
      const at = new URL(`${managementUrl}/@connections/${encodeURIComponent(connectionId)}`);
      const arrived = once(socket, "message");
      await Promise.all([
        arrived,
        signedRequest(agent, runtime, at, { service: "execute-api", headers: {}, body: frame }),
      ]);
    });
    const took = await measureInTurn(times, { gateway, invoke, query, post, received: publish });
    const median = (part: keyof typeof took): number => percentilesOf(took[part]).p50;
    const parts = {
      gateway: median("gateway"),
      invoke: median("invoke"),
      query: median("query"),
      post: median("post"),
    };
    const total = roundTo2(parts.gateway + parts.invoke + parts.query + parts.post);
    return { ...parts, total, received: median("received") };
  } finally {
    agent.destroy();
    socket.terminate();
  }
};
