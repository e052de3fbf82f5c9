/** The kinds of calls that functions wait for. */
export type CallKind = "post" | "dynamoDb" | "invoke" | "invokeAsync" | "sqs" | "eventBridge" | "secrets";

/**
 * How long a call takes inside AWS, in milliseconds. Functions are billed by these declared figures, never by local
 * measurements, because loopback has other latencies. A synchronous Invoke also takes the billed time of its function.
 */
export const DECLARED_MS: Record<CallKind, number> = {
  /** Any request to `@connections`. */
  post: 10,
  /** Any request to DynamoDB, batches and pages as a whole. */
  dynamoDb: 5,
  invoke: 10,
  invokeAsync: 10,
  sqs: 10,
  eventBridge: 10,
  secrets: 10,
};

/** The compute time of an invocation, in milliseconds. This is declared, too, for a function that mainly waits. */
export const COMPUTE_MS = 1;

/**
 * The duration of a cold start, in milliseconds: declared, and billed since August 2025.
 * @see https://aws.amazon.com/blogs/compute/aws-lambda-standardizes-billing-for-init-phase/
 */
export const INIT_MS = 150;

/** Which calls lead to which of Lambda's variables. */
const VARIABLES: Record<string, CallKind> = {
  AWS_ENDPOINT_URL_APIGATEWAYMANAGEMENTAPI: "post",
  AWS_ENDPOINT_URL_DYNAMODB: "dynamoDb",
  AWS_ENDPOINT_URL_LAMBDA: "invoke",
  AWS_ENDPOINT_URL_SQS: "sqs",
  AWS_ENDPOINT_URL_EVENTBRIDGE: "eventBridge",
  AWS_ENDPOINT_URL_SECRETS_MANAGER: "secrets",
};

/**
 * The duration of a call by the service's host, such as `127.0.0.1:49152`. The hosts come from a function's environment
 * variables.
 */
export const declaredByHost = (variables: Record<string, string>): Record<string, number> =>
  Object.fromEntries(
    Object.entries(VARIABLES).flatMap(([name, kind]) => {
      const url = variables[name];
      return url !== undefined && URL.canParse(url) ? [[new URL(url).host, DECLARED_MS[kind]] as const] : [];
    }),
  );
