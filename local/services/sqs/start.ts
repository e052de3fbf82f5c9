import type { Permissions } from "../../core/authorization/permissions.js";
import { Signatures } from "../../core/authorization/signatures.js";
import { SYSTEM_CLOCK } from "../../core/clock.js";
import type { Credentials } from "../../core/credentials.js";
import { MAX_ENVIRONMENTS } from "../lambda/runtime/runtime.js";
import type { Invoker } from "../../core/invoker.js";
import type { SystemModel } from "../../assembly/model/system.js";
import { Mappings } from "./poller/mappings.js";
import { Queues } from "./queue/queues.js";
import type { SqsMeter, SqsService } from "./api/service.js";
import type { SystemOptions } from "../../dev/system/options.js";

/** What serving queues takes. */
export interface QueuesContext {
  options: SystemOptions;
  credentials: Credentials;
  permissions: Permissions;
  invoker: Invoker;
  sqs: SqsService;
  meter: SqsMeter | undefined;
}

/** The queues of this run, and the functions that read them. */
export interface RunningQueues {
  /** Goes on with these from now on. */
  set(model: Pick<SystemModel, "queues" | "mappings">): void;
  /** Runs no function with messages any more. */
  stop(): void;
  /** Tells what is still queued: it is lost. */
  close(): void;
}

/** Serves the queues of a template, and runs the functions that read them. */
export const startQueues = ({
  options,
  credentials,
  permissions,
  invoker,
  sqs,
  meter,
}: QueuesContext): RunningQueues => {
  const { log, faults = {}, queueWaitScale: scale = 1 } = options;
  const queues = new Queues({ clock: SYSTEM_CLOCK, log, scale, faults });
  // More would wait for an environment, while their messages' visibility timeout runs.
  const mappings = new Mappings({
    queues,
    permissions,
    invoker,
    clock: SYSTEM_CLOCK,
    log,
    scale,
    most: options.maxEnvironments ?? MAX_ENVIRONMENTS,
    meter,
  });
  sqs.serve({ signatures: new Signatures(credentials, "sqs"), permissions, queues, log, now: SYSTEM_CLOCK.now, meter });
  return {
    set(model) {
      queues.set(model.queues);
      mappings.set(model.mappings);
    },
    stop: () => mappings.close(),
    close: () => queues.close(),
  };
};
