import http from "node:http";
import {
  ApiGatewayManagementApiClient,
  GoneException,
  PostToConnectionCommand,
} from "@aws-sdk/client-apigatewaymanagementapi";
import { DeleteItemCommand, DynamoDBClient, ScanCommand } from "@aws-sdk/client-dynamodb";
import { systemClock } from "../../../lambdas/aws/lambda/clock.js";
import { ManagementApi } from "../../../lambdas/aws/api-gateway/management-api.js";
import { lambdaLog } from "../../../lambdas/aws/lambda/log.js";
import { Table } from "../../../lambdas/aws/dynamodb/table.js";
import { fanOut } from "../../../lambdas/delivery/fan-out.js";
import { framesOf, serialize } from "../../../lambdas/delivery/serialize.js";
import { POSTS_IN_FLIGHT } from "../../../lambdas/delivery/adaptive-concurrency.js";
import { openGuards } from "../../../lambdas/guards/developer-guards.js";
import { DEFAULT_SETTINGS } from "../../../lambdas/settings.js";

/** Methods to deliver one message to its subscribers. */
export const DELIVERY_METHODS = ["pushIt", "rawHttp", "sdk", "awsSample"] as const;

/** A method to deliver one message to its subscribers. */
export type DeliveryMethod = (typeof DELIVERY_METHODS)[number];

/** Publishes one message, and calls `posting` when it knows the recipients. */
export type PublishOnce = (subscribers: number, posting: () => void) => Promise<void>;

/** About 170 bytes on the wire. */
const MESSAGE = { channel: "stories/5", uuid: "5f0c1c9e-4a1b", data: { text: "x".repeat(105) } };

/** The message as it is posted. */
const frame = framesOf([serialize(MESSAGE)])[0]!.text;

const idOf = (at: number): string => `L0SM9c${String(at).padStart(6, "0")}CIhw=`;
const idsOf = (subscribers: number): string[] => Array.from({ length: subscribers }, (_, at) => idOf(at));

/** This package: the fan-out with the table and the connections of the functions. */
const pushIt = (url: string): PublishOnce => {
  process.env["AWS_ENDPOINT_URL_APIGATEWAYMANAGEMENTAPI"] = `${url}/live`;
  const connections = new ManagementApi(lambdaLog);
  const client = new DynamoDBClient({ endpoint: url });
  return async (subscribers, posting) => {
    const store = new Table(client, `table-${subscribers}`, systemClock);
    let begun = false;
    const post: ManagementApi["post"] = (connectionId, each) => {
      if (!begun) posting();
      begun = true;
      return connections.post(connectionId, each);
    };
    const { sent } = await fanOut(
      {
        store,
        guards: openGuards,
        connections: { post, close: (connectionId) => connections.close(connectionId) },
        clock: systemClock,
        log: lambdaLog,
        // One function posts to all recipients. Workers would do the same in parts.
        settings: { ...DEFAULT_SETTINGS, fanOutThreshold: subscribers, fanOutMs: 80_000 },
        segments: { send: (segments) => Promise.resolve([...segments]) },
      },
      [{ message: MESSAGE }],
    );
    if (sent !== subscribers) throw new Error(`${sent} of ${subscribers} were reached`);
  };
};

/** Node's own client with unsigned requests. */
const rawHttp = (url: string): PublishOnce => {
  const { hostname, port } = new URL(url);
  const agent = new http.Agent({ keepAlive: true, maxSockets: POSTS_IN_FLIGHT });
  const headers = { "Content-Type": "application/octet-stream", "Content-Length": Buffer.byteLength(frame) };
  const post = (id: string): Promise<void> =>
    new Promise((resolve, reject) => {
      const path = `/live/@connections/${encodeURIComponent(id)}`;
      const request = http.request({ agent, hostname, port, method: "POST", path, headers }, (response) => {
        response.resume();
        response.on("end", resolve);
      });
      request.on("error", reject);
      request.end(frame);
    });
  return async (subscribers, posting) => {
    const ids = idsOf(subscribers);
    posting();
    let next = 0;
    const work = async (): Promise<void> => {
      while (next < ids.length) await post(ids[next++]!);
    };
    await Promise.all(Array.from({ length: POSTS_IN_FLIGHT }, work));
  };
};

/** The usual code with the SDK. */
const sdk = (url: string): PublishOnce => {
  const client = new ApiGatewayManagementApiClient({ endpoint: `${url}/live` });
  return async (subscribers, posting) => {
    posting();
    await Promise.all(
      idsOf(subscribers).map((ConnectionId) => client.send(new PostToConnectionCommand({ ConnectionId, Data: frame }))),
    );
  };
};

/**
 * AWS's chat sample: scans the table of connections and creates a client for the event's endpoint. Then it posts to all
 * connections at once, and deletes the rows of closed connections.
 * @see https://github.com/aws-samples/simple-websockets-chat-app
 */
const awsSample = (url: string): PublishOnce => {
  const table = new DynamoDBClient({ endpoint: url });
  return async (subscribers, posting) => {
    const TableName = `table-${subscribers}`;
    const { Items: items = [] } = await table.send(
      new ScanCommand({ TableName, ProjectionExpression: "connectionId" }),
    );
    const client = new ApiGatewayManagementApiClient({ endpoint: `${url}/live` });
    posting();
    await Promise.all(
      items.map(async ({ connectionId }) => {
        try {
          await client.send(new PostToConnectionCommand({ ConnectionId: connectionId?.S, Data: frame }));
        } catch (error) {
          if (!(error instanceof GoneException)) throw error;
          await table.send(new DeleteItemCommand({ TableName, Key: { connectionId: connectionId! } }));
        }
      }),
    );
    client.destroy();
  };
};

/** Creates a publisher for each method, with the server's URL. */
export const publishers: Record<DeliveryMethod, (url: string) => PublishOnce> = { pushIt, rawHttp, sdk, awsSample };
