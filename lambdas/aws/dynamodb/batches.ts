import {
  BatchGetItemCommand,
  BatchWriteItemCommand,
  type DynamoDBClient,
  type WriteRequest,
} from "@aws-sdk/client-dynamodb";
import type { Key } from "./keys.js";
import { limiter } from "../../util/limiter.js";
import type { Clock } from "../../ports.js";
import { type Item, text } from "./items.js";
import { chunks } from "../../util/chunks.js";

/**
 * Maximum number of writes in one BatchWriteItem.
 * @see https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchWriteItem.html
 */
export const BATCH_WRITES = 25;

/**
 * Maximum number of keys in one BatchGetItem.
 * @see https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchGetItem.html
 */
const BATCH_READS = 100;

/** How many batches are read at once: more would only wait for each other until their timeout. */
const BATCHES_IN_FLIGHT = 16;

/** How many times a batch with unprocessed items is sent before the operation fails. */
const BATCH_ATTEMPTS = 6;

/** Maximum wait before the first retry of a batch, in milliseconds; it doubles with each attempt. */
const BATCH_BACKOFF_MS = 25;

/** A key in DynamoDB's format. */
export const keyItem = ({ pk, sk }: Key): Item => ({ pk: text(pk), sk: text(sk) });

/** Puts a row. */
export const put = (at: Key, item: Item): WriteRequest => ({ PutRequest: { Item: { ...keyItem(at), ...item } } });

/** Deletes a row. */
export const remove = (at: Key): WriteRequest => ({ DeleteRequest: { Key: keyItem(at) } });

/** Reads and writes many rows of a table. Unprocessed items are sent again a few times, then the operation fails. */
export class Batches {
  readonly #client: DynamoDBClient;
  readonly #name: string;
  readonly #clock: Clock;

  constructor(client: DynamoDBClient, name: string, clock: Clock) {
    this.#client = client;
    this.#name = name;
    this.#clock = clock;
  }

  /** Writes in as few parallel batches as possible. */
  async write(requests: WriteRequest[]): Promise<void> {
    await Promise.all(
      chunks(requests, BATCH_WRITES).map(async (batch) => {
        let left = batch;
        for (let attempt = 1; left.length > 0; attempt += 1) {
          const { UnprocessedItems } = await this.#client.send(
            new BatchWriteItemCommand({ RequestItems: { [this.#name]: left } }),
          );
          left = UnprocessedItems?.[this.#name] ?? [];
          if (left.length > 0) await this.#backOff(attempt);
        }
      }),
    );
  }

  /**
   * The existing rows among these keys, in no order.
   * @param consistent whether a write that has just ended must be seen; otherwise the read costs half
   */
  async read(keys: readonly Key[], { consistent = true } = {}): Promise<Item[]> {
    const limited = limiter(BATCHES_IN_FLIGHT);
    return (
      await Promise.all(chunks(keys, BATCH_READS).map((some) => limited(() => this.#read(some, consistent))))
    ).flat();
  }

  async #read(keys: readonly Key[], consistent: boolean): Promise<Item[]> {
    let left: Item[] = keys.map(keyItem);
    const items: Item[] = [];
    for (let attempt = 1; left.length > 0; attempt += 1) {
      const { Responses, UnprocessedKeys } = await this.#client.send(
        new BatchGetItemCommand({ RequestItems: { [this.#name]: { Keys: left, ConsistentRead: consistent } } }),
      );
      items.push(...(Responses?.[this.#name] ?? []));
      left = UnprocessedKeys?.[this.#name]?.Keys ?? [];
      if (left.length > 0) await this.#backOff(attempt);
    }
    return items;
  }

  async #backOff(attempt: number): Promise<void> {
    if (attempt >= BATCH_ATTEMPTS)
      throw new Error(`DynamoDB still returned unprocessed items after ${BATCH_ATTEMPTS} attempts`);
    await this.#clock.sleep(this.#clock.random() * BATCH_BACKOFF_MS * 2 ** attempt);
  }
}
