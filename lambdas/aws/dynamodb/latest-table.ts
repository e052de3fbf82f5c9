import { type DynamoDBClient, UpdateItemCommand } from "@aws-sdk/client-dynamodb";
import type { Message } from "../../../protocol/index.js";
import { latestKey } from "./keys.js";
import type { Latest, Numbered } from "../../publish/latest.js";
import type { Clock } from "../../ports.js";
import { Batches, keyItem } from "./batches.js";
import { type Item, number, text } from "./items.js";

/** How long a channel's last message is stored, in seconds. */
export const LATEST_SECONDS = 24 * 60 * 60;

/** One row for each channel: its last message, and the message's number. */
export class LatestTable implements Latest {
  readonly #client: DynamoDBClient;
  readonly #name: string;
  readonly #clock: Clock;

  constructor({ client, name }: { client: DynamoDBClient; name: string }, clock: Clock) {
    this.#client = client;
    this.#name = name;
    this.#clock = clock;
  }

  async keep({ channel, uuid, data, from, at }: Message, count: number): Promise<number> {
    const now = this.#clock.now();
    const userId = from?.userId;
    const owner = userId === undefined ? " REMOVE o" : ", o = :user";
    const { Attributes } = await this.#client.send(
      new UpdateItemCommand({
        TableName: this.#name,
        Key: keyItem(latestKey(channel)),
        // Numbers start with the time, so that they still grow after the row was lost or has expired.
        UpdateExpression: `SET m = :message, n = if_not_exists(n, :now) + :count, #ttl = :ttl${owner}`,
        ExpressionAttributeNames: { "#ttl": "ttl" },
        ExpressionAttributeValues: {
          ...(userId !== undefined && { ":user": text(userId) }),
          ":message": text(JSON.stringify({ uuid, data, from, at })),
          ":now": number(now),
          ":count": number(count),
          ":ttl": number(Math.ceil(now / 1000) + LATEST_SECONDS),
        },
        ReturnValues: "UPDATED_NEW",
      }),
    );
    return Number(Attributes?.["n"]?.N);
  }

  async read(channels: readonly string[]): Promise<Map<string, Numbered>> {
    const channelsByKey = new Map(channels.map((channel) => [latestKey(channel).pk, channel]));
    const items = await new Batches(this.#client, this.#name, this.#clock).read(
      [...channelsByKey.values()].map(latestKey),
    );
    const now = this.#clock.now() / 1000;
    // DynamoDB deletes expired rows days late.
    const living = items.filter((item) => Number(item["ttl"]?.N) > now);
    return new Map(living.map((item) => messageOf(channelsByKey.get(item["pk"]?.S ?? "") ?? "", item)));
  }
}

const messageOf = (channel: string, item: Item): [channel: string, message: Numbered] => {
  const message = JSON.parse(item["m"]?.S ?? "{}") as Omit<Message, "channel">;
  return [channel, { channel, ...message, offset: Number(item["n"]?.N) }];
};
