import { randomBytes } from "node:crypto";

/** An error response of DynamoDB. */
export class DynamoDbError extends Error {
  override name = "DynamoDbError";

  constructor(
    /** Such as `ResourceInUseException`. */
    readonly type: string,
    message: string,
  ) {
    super(message);
  }
}

/** The credentials of the runtime's own requests. Local engines check only their format. */
export interface Signer {
  accessKeyId: string;
  region: string;
}

/** Most time that a local engine may take for a request of ours, in milliseconds. */
const REQUEST_MS = 10_000;

/**
 * Sends one request to a local DynamoDB engine. The signature is a random one in the right format, because a local
 * engine cannot verify it.
 * @throws DynamoDbError if the engine refuses; another error if it does not respond
 */
export const request = async <T>(endpoint: string, signer: Signer, operation: string, body: unknown): Promise<T> => {
  const date = new Date().toISOString().replace(/[-:]|\.\d+/g, "");
  const scope = `${signer.accessKeyId}/${date.slice(0, 8)}/${signer.region}/dynamodb/aws4_request`;
  const signature = `SignedHeaders=host;x-amz-date;x-amz-target, Signature=${randomBytes(32).toString("hex")}`;
  const response = await fetch(endpoint, {
    method: "POST",
    headers: {
      "content-type": "application/x-amz-json-1.0",
      "x-amz-target": `DynamoDB_20120810.${operation}`,
      "x-amz-date": date,
      authorization: `AWS4-HMAC-SHA256 Credential=${scope}, ${signature}`,
    },
    body: JSON.stringify(body),
    signal: AbortSignal.timeout(REQUEST_MS),
  });
  const answer = (await response.json()) as T & { __type?: string; message?: string; Message?: string };
  if (response.ok) return answer;
  throw new DynamoDbError(
    answer.__type?.split("#").pop() ?? String(response.status),
    answer.message ?? answer.Message ?? "",
  );
};
