import type { Invocation } from "../messages.js";

/** The second argument of a handler, as Lambda's Node runtime gives it. */
export interface Context {
  callbackWaitsForEmptyEventLoop: boolean;
  functionName: string;
  functionVersion: string;
  invokedFunctionArn: string;
  memoryLimitInMB: string;
  awsRequestId: string;
  logGroupName: string;
  logStreamName: string;
  getRemainingTimeInMillis(): number;
}

/** The context of one invocation, from it and from the environment that Lambda sets. */
export const contextOf = (invocation: Invocation, env: NodeJS.ProcessEnv): Context => ({
  callbackWaitsForEmptyEventLoop: true,
  functionName: env.AWS_LAMBDA_FUNCTION_NAME ?? "",
  functionVersion: env.AWS_LAMBDA_FUNCTION_VERSION ?? "",
  invokedFunctionArn: invocation.functionArn,
  memoryLimitInMB: env.AWS_LAMBDA_FUNCTION_MEMORY_SIZE ?? "",
  awsRequestId: invocation.requestId,
  logGroupName: env.AWS_LAMBDA_LOG_GROUP_NAME ?? "",
  logStreamName: env.AWS_LAMBDA_LOG_STREAM_NAME ?? "",
  getRemainingTimeInMillis: () => Math.max(0, invocation.deadline - Date.now()),
});
