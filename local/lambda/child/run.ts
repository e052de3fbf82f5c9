import { contextOf } from "./context.js";
import { RuntimeError, toFunctionError } from "./errors.js";
import type { Handler } from "./handler.js";
import type { ChildMessage, Invocation } from "../messages.js";

/**
 * Largest response of a synchronous invocation, in bytes of its JSON.
 * @see https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
 */
export const RESPONSE_BYTES = 6 * 1024 * 1024;

/**
 * Runs one invocation.
 * @param emptied calls its argument when the event loop has nothing left to do: then a handler that has not settled
 * never will, and one that called back is allowed to end
 * @returns the message to send; never rejects
 */
export const run = async (
  handler: Handler,
  invocation: Invocation,
  env: NodeJS.ProcessEnv,
  emptied: (then: () => void) => void,
): Promise<ChildMessage> => {
  try {
    return checked(await settle(handler, invocation, env, emptied));
  } catch (thrown) {
    return { type: "error", error: toFunctionError(thrown) };
  }
};

const settle = (
  handler: Handler,
  invocation: Invocation,
  env: NodeJS.ProcessEnv,
  emptied: (then: () => void) => void,
): Promise<unknown> =>
  new Promise((resolve, reject) => {
    const context = contextOf(invocation, env);
    const finish = (error: unknown, result: unknown) => (error ? reject(error) : resolve(result));
    emptied(() => resolve(null));
    const returned = handler(invocation.event, context, (error, result) => {
      if (error || !context.callbackWaitsForEmptyEventLoop) finish(error, result);
      else emptied(() => finish(error, result));
    });
    // A handler that returns no promise may call back later; one without a callback parameter cannot.
    if (isThenable(returned)) Promise.resolve(returned).then(resolve, reject);
    else if (handler.length < 3) resolve(returned);
  });

const isThenable = (value: unknown): value is PromiseLike<unknown> =>
  typeof (value as PromiseLike<unknown> | undefined)?.then === "function";

const checked = (payload: unknown): ChildMessage => {
  const bytes = Buffer.byteLength(stringify(payload));
  if (bytes <= RESPONSE_BYTES) return { type: "result", payload: payload ?? null };
  const errorMessage = `The response has ${bytes} bytes; at most ${RESPONSE_BYTES} are allowed.`;
  return { type: "error", error: { errorType: "Function.ResponseSizeTooLarge", errorMessage } };
};

const stringify = (payload: unknown): string => {
  try {
    return JSON.stringify(payload) ?? "null";
  } catch (error) {
    throw new RuntimeError("MarshalError", `Unable to stringify response body: ${(error as Error).message}`);
  }
};
