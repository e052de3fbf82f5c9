/** The result of one invocation. */
export type InvokeResult =
  | { ok: true; payload: unknown }
  | {
      ok: false;
      kind: "error" | "timeout" | "crash" | "throttled";
      message: string;
      error?: FunctionError;
      /** Why Lambda throttles, in its words. @default "ReservedFunctionConcurrentInvocationLimitExceeded" */
      reason?: string;
    };

/** An error of a function as Lambda reports it to its caller. */
export interface FunctionError {
  /** Such as `TypeError`, or Lambda's own `Runtime.ExitError`. */
  errorType: string;
  errorMessage: string;
  /** Of Node functions. */
  trace?: string[];
  /** Of Python functions. */
  requestId?: string;
  /** Of Python functions. */
  stackTrace?: string[];
}

/** Options of one invocation. */
export interface InvokeOptions {
  /** The request id that the function receives. @default a new one */
  requestId?: string;
  /** Called for each line that the function logs during this invocation. */
  logged?: (line: string) => void;
  /** Called with the billed duration in milliseconds, if runs are metered. */
  billed?: (ms: number) => void;
}

/** Runs functions of the template by logical id. */
export interface Invoker {
  /** Never rejects. Waits for the function, at most for its timeout. */
  invoke(functionId: string, event: unknown, options?: InvokeOptions): Promise<InvokeResult>;
}
