import { Publisher, PublisherError } from "push-it-server/publisher";
import { NotTried } from "../not-tried.js";
import type { CheckSettings } from "../settings.js";

const optional = (region: string | undefined): { region?: string } => (region === undefined ? {} : { region });

/**
 * A back end's publisher. The AWS SDK is loaded now, and finds credentials as it always does.
 * @throws NotTried if no function was named
 */
export const publisherOf = async ({ publisher, region }: CheckSettings): Promise<Publisher> => {
  if (publisher === undefined) throw new NotTried("no function is named. Name it with --publisher");
  const { LambdaClient } = await import("@aws-sdk/client-lambda");
  return new Publisher({ functionName: publisher, client: new LambdaClient(optional(region)) });
};

/** Names of errors for missing credentials or permissions. */
const FORBIDDEN = /^(AccessDenied|CredentialsProviderError|UnrecognizedClient|ExpiredToken|InvalidClientTokenId)/;

/**
 * Does something in the account.
 * @throws NotTried if there are no AWS credentials, or they may not do it
 */
export const inAccount = async <T>(what: string, work: () => Promise<T>): Promise<T> => {
  try {
    return await work();
  } catch (error) {
    const { name, message } = error as Error;
    if (error instanceof PublisherError ? error.code === "forbidden" : FORBIDDEN.test(name))
      throw new NotTried(`${what} is not possible: ${message}`);
    throw error;
  }
};

/** Reads a partition of the table, keys only. */
export type ReadPartition = (partition: string) => Promise<string[]>;

/**
 * The table, as far as this command reads it.
 * @throws NotTried if no table was named
 */
export const tableOf = async ({ table, region }: CheckSettings): Promise<ReadPartition> => {
  if (table === undefined) throw new NotTried("no table is named. Name it with --table");
  const { DynamoDBClient, QueryCommand } = await import("@aws-sdk/client-dynamodb");
  const client = new DynamoDBClient(optional(region));
  return (partition) =>
    inAccount(`reading the table ${table}`, async () => {
      const { Items = [] } = await client.send(
        new QueryCommand({
          TableName: table,
          ConsistentRead: true,
          KeyConditionExpression: "pk = :pk",
          ExpressionAttributeValues: { ":pk": { S: partition } },
          ProjectionExpression: "sk",
        }),
      );
      return Items.map(({ sk }) => sk?.S ?? "");
    });
};
