import {
  ApiGatewayManagementApiClient,
  GoneException,
  PostToConnectionCommand,
} from "@aws-sdk/client-apigatewaymanagementapi";
import { DynamoDBClient, QueryCommand } from "@aws-sdk/client-dynamodb";
import type { APIGatewayProxyWebsocketEventV2 } from "aws-lambda";

// Common code for publishing to a channel's subscribers. `coldstart` loads it for comparison, and it is never deployed.

const dynamodb = new DynamoDBClient({});
const management = new ApiGatewayManagementApiClient({});

/** Posts a frame's data to every subscriber of its channel. */
export const handler = async ({
  body,
}: APIGatewayProxyWebsocketEventV2): Promise<{ statusCode: number; body: string }> => {
  const { channel, uuid, data } = JSON.parse(body ?? "{}") as { channel: string; uuid: string; data: unknown };
  const { Items: subscribers = [] } = await dynamodb.send(
    new QueryCommand({
      TableName: process.env["TABLE_NAME"],
      KeyConditionExpression: "pk = :pk",
      ExpressionAttributeValues: { ":pk": { S: `c#${channel}` } },
    }),
  );
  const message = JSON.stringify({ channel, uuid, data });
  const post = async (connectionId: string): Promise<void> => {
    try {
      await management.send(new PostToConnectionCommand({ ConnectionId: connectionId, Data: message }));
    } catch (error) {
      if (!(error instanceof GoneException)) throw error;
    }
  };
  await Promise.all(subscribers.map(({ sk }) => post(sk?.S ?? "")));
  return { statusCode: 200, body: JSON.stringify({ channel: "/meta/successful", uuid, successful: true }) };
};
