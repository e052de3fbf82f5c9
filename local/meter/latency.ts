/** What a function calls, and waits for. */
export type CallKind = "post" | "dynamoDb" | "invoke" | "invokeAsync" | "sqs" | "eventBridge" | "secrets";

/**
 * How long a call takes inside AWS, in milliseconds. Declared, because loopback says nothing about it: by these, and
 * never by what was measured here, functions are billed. A synchronous Invoke takes what its function is billed besides.
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

/** What an invocation computes, in milliseconds: declared too, for a function that mainly waits. */
export const COMPUTE_MS = 1;

/**
 * What a cold start takes, in milliseconds: declared, and billed since August 2025.
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

/** What a call of each service's host takes, such as `127.0.0.1:49152`, by a function's environment variables. */
export const declaredByHost = (variables: Record<string, string>): Record<string, number> =>
  Object.fromEntries(
    Object.entries(VARIABLES).flatMap(([name, kind]) => {
      const url = variables[name];
      return url !== undefined && URL.canParse(url) ? [[new URL(url).host, DECLARED_MS[kind]] as const] : [];
    }),
  );
