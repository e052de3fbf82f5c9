/** What came of running a function once. */
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

/** How a function is invoked, where it matters to who invokes it. */
export interface InvokeOptions {
  /** What the function gets as its request's id. @default a new one */
  requestId?: string;
  /** Told of each line that the function logs while it runs. */
  logged?: (line: string) => void;
  /** Told what the run is billed, in milliseconds, where that is metered. */
  billed?: (ms: number) => void;
}

/** Runs functions of the template by logical id. */
export interface Invoker {
  /** Never rejects. Waits for the function, at most for its timeout. */
  invoke(functionId: string, event: unknown, options?: InvokeOptions): Promise<InvokeResult>;
}
