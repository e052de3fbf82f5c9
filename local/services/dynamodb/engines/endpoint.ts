import { UserError, messageOf } from "../../../core/user-error.js";
import type { DynamoDb } from "./engine.js";
import { DynamoDbError, request, type Signer } from "../request.js";

/**
 * Uses an engine that already runs.
 * @param signers two signers: DynamoDB Local without `-sharedDb` gives each access key its own tables, and every
 * function has its own key
 * @throws UserError if the engine does not respond, or separates tables by access key
 */
export const connectToEndpoint = async (url: string, signers: [Signer, Signer]): Promise<DynamoDb> => {
  if (!/^https?:\/\//.test(url) || !URL.canParse(url)) {
    throw new UserError(
      `--dynamodb ${url} is neither "embedded", "local" nor a URL.`,
      "For example: --dynamodb http://localhost:8000",
    );
  }
  const probe = `push-it-probe-${process.pid}-${Date.now()}`;
  try {
    await createProbe(url, signers[0], probe);
    const shared = await exists(url, signers[1], probe);
    await request(url, signers[0], "DeleteTable", { TableName: probe });
    if (!shared) {
      throw new UserError(
        `The DynamoDB at ${url} keeps tables apart by access key.`,
        "Start DynamoDB Local with -sharedDb.",
      );
    }
  } catch (error) {
    throw error instanceof UserError ? error : unusable(url, error);
  }
  return { name: url, endpoint: url, close: () => Promise.resolve() };
};

const createProbe = (url: string, signer: Signer, name: string): Promise<unknown> =>
  request(url, signer, "CreateTable", {
    TableName: name,
    KeySchema: [{ AttributeName: "pk", KeyType: "HASH" }],
    AttributeDefinitions: [{ AttributeName: "pk", AttributeType: "S" }],
    BillingMode: "PAY_PER_REQUEST",
  });

const exists = async (url: string, signer: Signer, name: string): Promise<boolean> => {
  try {
    await request(url, signer, "DescribeTable", { TableName: name });
    return true;
  } catch (error) {
    if (error instanceof DynamoDbError && error.type === "ResourceNotFoundException") return false;
    throw error;
  }
};

const unusable = (url: string, error: unknown): UserError => {
  if (error instanceof DynamoDbError) {
    return new UserError(
      `The DynamoDB at ${url} refuses: ${error.type} ${error.message}`,
      "It takes a local engine, such as DynamoDB Local.",
    );
  }
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  return new UserError(
    `No DynamoDB answers at ${url}: ${messageOf(cause)}`,
    "Start it, or leave --dynamodb out for the embedded one.",
  );
};
