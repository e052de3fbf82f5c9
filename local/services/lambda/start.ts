import type { Permissions } from "../../core/authorization/permissions.js";
import { AsyncInvocations } from "./async/invocations.js";
import { SYSTEM_CLOCK } from "../../core/clock.js";
import { type LambdaServiceOptions, startLambdaService } from "./invoke/service.js";
import type { Credentials } from "../../core/credentials.js";
import type { Meter } from "../../meter/meter.js";
import type { Invoker } from "../../core/invoker.js";
import type { SystemModel } from "../../assembly/model/system.js";
import type { CleanupStack } from "../../dev/system/cleanup-stack.js";
import type { SystemOptions } from "../../dev/system/options.js";
import type { Ports } from "../../dev/system/ports.js";

/** What serving Lambda takes. */
export interface LambdaContext {
  options: SystemOptions;
  credentials: Credentials;
  permissions: Permissions;
  closers: CleanupStack;
  /** What is run at the moment. */
  model: () => SystemModel;
  invoker: Invoker;
  meter: Meter | undefined;
  ports: Ports;
}

/** Lambda, as functions of this run see it. */
export interface Lambda {
  port: number;
  /** Invokes a function asynchronously, by its logical id: failures are retried. */
  enqueue(functionId: string, event: unknown, requestId: string): void;
}

/** Serves `Invoke`. Once it is closed, nothing is retried any more, and what was pending is told. */
export const startLambda = async (context: LambdaContext): Promise<Lambda> => {
  const { options, credentials, permissions, closers, model, invoker, meter: counts, ports } = context;
  const { log, asyncRetryScale: scale = 1 } = options;
  const functions = () => model().functions;
  const invocations = new AsyncInvocations({ invoker, permissions, functions, log, clock: SYSTEM_CLOCK, scale });
  closers.add(() => invocations.close());
  const enqueue: Lambda["enqueue"] = (...event) => invocations.add(...event);
  const meter: LambdaServiceOptions["meter"] = counts && ((accessKeyId, kind) => counts.call(accessKeyId, kind));
  const service = await startLambdaService({
    credentials,
    permissions,
    model,
    invoker,
    enqueue,
    log,
    meter,
    server: ports.server("lambda"),
  });
  closers.add(() => service.close());
  return { port: service.port, enqueue };
};
