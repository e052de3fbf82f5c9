import { contextOf } from "./context.js";
import { RuntimeError, toFunctionError } from "./errors.js";
import type { Callback, Handler } from "./handler.js";
import type { Settled, Invocation } from "../messages.js";

/**
 * Largest response of a synchronous invocation, in bytes of its JSON.
 * @see https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
 */
const MAX_RESPONSE_BYTES = 6 * 1024 * 1024;

/**
 * Runs one invocation.
 * @param emptied calls its argument when the event loop has nothing left to do: then a handler that has not settled
 * never will, and one that called back is allowed to end
 * @returns the message to send; never rejects
 */
export const runHandler = (
  handler: Handler,
  invocation: Invocation,
  env: NodeJS.ProcessEnv,
  emptied: (then: () => void) => void,
): Promise<Settled> =>
  new Promise((resolve) => {
    const context = contextOf(invocation, env);
    const succeed = (payload: unknown) => resolve(resultOf(payload));
    const fail = (thrown: unknown) => resolve({ type: "error", error: toFunctionError(thrown) });
    emptied(() => succeed(null));
    const callback: Callback = (error, result) => {
      const finish = () => (error ? fail(error) : succeed(result));
      if (error || !context.callbackWaitsForEmptyEventLoop) finish();
      else emptied(finish);
    };
    try {
      const returned = handler(invocation.event, context, callback);
      // A handler that returns no promise may call back later; one without a callback parameter cannot.
      if (isThenable(returned)) returned.then(succeed, fail);
      else if (handler.length < 3) succeed(returned);
    } catch (thrown) {
      fail(thrown);
    }
  });

const isThenable = (value: unknown): value is PromiseLike<unknown> =>
  typeof (value as PromiseLike<unknown> | undefined)?.then === "function";

const resultOf = (payload: unknown): Settled => {
  try {
    const bytes = Buffer.byteLength(JSON.stringify(payload) ?? "null");
    return bytes <= MAX_RESPONSE_BYTES ? { type: "result", payload: payload ?? null } : tooLarge(bytes);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    const marshal = new RuntimeError("MarshalError", `The response cannot be said in JSON: ${reason}`);
    return { type: "error", error: toFunctionError(marshal) };
  }
};

const tooLarge = (bytes: number): Settled => ({
  type: "error",
  error: {
    errorType: "Function.ResponseSizeTooLarge",
    errorMessage: `The response has ${bytes} bytes; at most ${MAX_RESPONSE_BYTES} are allowed.`,
  },
});
