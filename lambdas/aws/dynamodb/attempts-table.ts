import { type DynamoDBClient, UpdateItemCommand } from "@aws-sdk/client-dynamodb";
import { attemptsKey } from "./keys.js";
import type { Clock } from "../../ports.js";
import type { SegmentAttempts } from "../../delivery/segments.js";
import { keyItem } from "./batches.js";
import { number } from "./items.js";

/** How long a count is stored after the last attempt, in seconds: longer than a segment stays in the queue. */
const COUNT_SECONDS = 24 * 60 * 60;

/** Counts of attempts: a row for each segment that a worker had to start again. */
export class AttemptsTable implements SegmentAttempts {
  readonly #client: DynamoDBClient;
  readonly #name: string;
  readonly #clock: Pick<Clock, "now">;

  constructor({ client, name }: { client: DynamoDBClient; name: string }, clock: Pick<Clock, "now">) {
    this.#client = client;
    this.#name = name;
    this.#clock = clock;
  }

  async begin(id: string): Promise<number> {
    const { Attributes: item } = await this.#client.send(
      new UpdateItemCommand({
        TableName: this.#name,
        Key: keyItem(attemptsKey(id)),
        UpdateExpression: "ADD n :one SET #ttl = :ttl",
        ExpressionAttributeNames: { "#ttl": "ttl" },
        ExpressionAttributeValues: {
          ":one": number(1),
          ":ttl": number(Math.ceil(this.#clock.now() / 1000) + COUNT_SECONDS),
        },
        ReturnValues: "UPDATED_NEW",
      }),
    );
    return Number(item?.["n"]?.N ?? 1);
  }
}
