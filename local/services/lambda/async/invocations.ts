import { functionArn, type FunctionModel } from "../../../assembly/model/functions.js";
import type { Clock } from "../../../core/clock.js";
import type { Invoker, InvokeResult } from "../../../core/invoker.js";
import type { Log, LogEntry } from "../../../core/log.js";
import type { Permissions } from "../../../core/authorization/permissions.js";
import { invokeCall } from "../invoke/target.js";
import { ASYNC_DEFAULTS } from "../invoke/limits.js";
import type { RetrySettings } from "./policy.js";
import { AsyncQueue, type FinishedEvent, type PendingEvent, type QueuedEvent } from "./queue.js";
import { invocationRecord } from "./record.js";
import { randomUUID } from "node:crypto";

/** Options of asynchronous invocations. */
export interface AsyncInvocationsOptions {
  invoker: Invoker;
  permissions: Permissions;
  /** Returns the current functions. */
  functions: () => FunctionModel[];
  log: Log;
  clock: Clock;
  /** See {@link AsyncQueue}. */
  scale: number;
}

/** Asynchronous invocations, with Lambda's retries and the template's destinations. */
export class AsyncInvocations {
  readonly #queue: AsyncQueue;

  constructor(private readonly options: AsyncInvocationsOptions) {
    const { invoker, clock, scale } = options;
    this.#queue = new AsyncQueue({
      invoke: ({ functionId, event, requestId }) => invoker.invoke(functionId, event, { requestId }),
      settings: (functionId) => retrySettings(this.#find(functionId)),
      finished: (event) => this.#finished(event),
      retrying: (event, result, afterMs) => this.#retrying(event, result, afterMs),
      clock,
      scale,
    });
  }

  /** Accepts an event. */
  add(functionId: string, event: unknown, requestId: string): void {
    this.#queue.add({ functionId, event, requestId });
  }

  /** Stops all retries, and logs the invocations that are lost. */
  close(): void {
    const pending = this.#queue.close();
    if (pending.length === 0) return;
    this.#log(
      "warn",
      `Asynchronous invocations that were still pending are lost:\n${pending.map(pendingLine).join("\n")}`,
    );
  }

  #retrying({ functionId, requestId }: QueuedEvent, result: InvokeResult, afterMs: number): void {
    this.#log("warn", `${functionId} is invoked again in ${seconds(afterMs)} (${requestId}): ${failureOf(result)}`);
  }

  #finished(event: FinishedEvent): void {
    const { functionId, requestId, condition, attempts, result } = event;
    const from = this.#find(functionId);
    const { onSuccess, onFailure, deadLetter } = from?.async ?? {};
    if (condition === "Success") return void (from && onSuccess !== undefined && this.#notify(event, from, onSuccess));
    const ran = attempts === 1 ? "once" : `${attempts} times`;
    this.#log(
      "error",
      `${condition}: ${functionId} ran ${ran} for ${requestId}, which is given up: ${failureOf(result)}`,
    );
    if (from && onFailure !== undefined) this.#notify(event, from, onFailure);
    if (deadLetter !== undefined) this.#notServed(functionId, deadLetter, "The dead-letter queue");
  }

  /** Destinations are invoked in the name of the function's role. */
  #notify(event: FinishedEvent, from: FunctionModel, destination: string): void {
    const { permissions, functions } = this.options;
    const { place } = permissions;
    const to = functions().find((each) => functionArn(each, place) === destination.replace(/:\$LATEST$/, ""));
    if (!to) return this.#notServed(from.logicalId, destination, "The destination");
    const refusal = permissions.check(from.logicalId, [invokeCall(destination)]);
    if (refusal) return this.#log("error", `${to.logicalId} is not told of ${event.requestId}: ${refusal.message}`);
    this.add(
      to.logicalId,
      invocationRecord(event, functionArn(from, place), new Date(this.options.clock.now())),
      randomUUID(),
    );
  }

  #notServed(functionId: string, arn: string, what: string): void {
    this.#log("warn", `${what} ${arn} of ${functionId} is not served here: nothing is sent to it.`);
  }

  #find(functionId: string): FunctionModel | undefined {
    return this.options.functions().find(({ logicalId }) => logicalId === functionId);
  }

  #log(level: LogEntry["level"], message: string): void {
    this.options.log({ level, source: "lambda", message });
  }
}

const retrySettings = ({ async = {} }: Pick<FunctionModel, "async"> = {}): RetrySettings => ({
  retries: async.retries ?? ASYNC_DEFAULTS.retries,
  maxAgeMs: (async.maxAgeSeconds ?? ASYNC_DEFAULTS.maxAgeSeconds) * 1000,
});

/** The kind of failure, without the function's own message: that may contain private data. */
const failureOf = (result: InvokeResult): string => {
  if (result.ok) return "it succeeded";
  return result.error ? `${result.kind}, ${result.error.errorType}` : result.kind;
};

const pendingLine = ({ functionId, requestId, attempts, dueInMs }: PendingEvent): string =>
  dueInMs === undefined
    ? `  ${functionId} (${requestId}): attempt ${attempts} was under way`
    : `  ${functionId} (${requestId}): attempt ${attempts + 1} was due in ${seconds(dueInMs)}`;

const seconds = (ms: number): string => `${(ms / 1000).toFixed(ms < 10_000 ? 1 : 0)} s`;
