import type { FunctionError } from "../../../core/invoker.js";

/** Converts a thrown value to Lambda's error format. */
export const toFunctionError = (thrown: unknown): FunctionError => {
  if (!(thrown instanceof Error)) return { errorType: typeof thrown, errorMessage: describe(thrown), trace: [] };
  return {
    errorType: thrown.name || "Error",
    errorMessage: thrown.message,
    trace: (thrown.stack ?? "").split("\n"),
  };
};

/** Names one of Lambda's own errors, such as `Runtime.HandlerNotFound`. */
export class RuntimeError extends Error {
  constructor(name: string, message: string) {
    super(message);
    this.name = `Runtime.${name}`;
  }
}

const describe = (value: unknown): string => {
  try {
    return typeof value === "string" ? value : (JSON.stringify(value) ?? String(value));
  } catch {
    return String(value);
  }
};
