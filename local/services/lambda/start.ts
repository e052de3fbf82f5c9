import type { SystemModel } from "../../assembly/model/system.js";
import type { Permissions } from "../../core/authorization/permissions.js";
import { SYSTEM_CLOCK } from "../../core/clock.js";
import { AsyncInvocations } from "./async/invocations.js";
import { type LambdaServiceOptions, startLambdaService } from "./invoke/service.js";

/** Options of Lambda's Invoke API. */
export interface LambdaStartOptions extends Omit<LambdaServiceOptions, "enqueue"> {
  permissions: Permissions;
  /** The model that runs at the moment. */
  model: () => SystemModel;
  /** See {@link AsyncInvocations}. */
  retryScale: number;
}

/** Lambda's Invoke API, as functions of this run call it. */
export interface Lambda {
  /** Such as `http://127.0.0.1:49152`. */
  endpoint: string;
  port: number;
  /** Invokes a function asynchronously, by its logical id. Failures are retried. */
  enqueue(functionId: string, event: unknown, requestId: string): void;
  /** Stops the API. Pending asynchronous invocations are logged and not retried. */
  close(): Promise<void>;
}

/** Starts Lambda's Invoke API. */
export const startLambda = async (options: LambdaStartOptions): Promise<Lambda> => {
  const { invoker, permissions, model, log, retryScale: scale } = options;
  const functions = () => model().functions;
  const invocations = new AsyncInvocations({ invoker, permissions, functions, log, clock: SYSTEM_CLOCK, scale });
  const enqueue: Lambda["enqueue"] = (...event) => invocations.add(...event);
  const { endpoint, port, close } = await startLambdaService({ ...options, enqueue });
  return {
    endpoint,
    port,
    enqueue,
    async close() {
      await close();
      invocations.close();
    },
  };
};
