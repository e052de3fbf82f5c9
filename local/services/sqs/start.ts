import type { SystemModel } from "../../assembly/model/system.js";
import type { Permissions } from "../../core/authorization/permissions.js";
import { SignatureVerifier } from "../../core/authorization/signatures.js";
import { SYSTEM_CLOCK } from "../../core/clock.js";
import type { Credentials } from "../../core/credentials.js";
import type { Invoker } from "../../core/invoker.js";
import type { Log } from "../../core/log.js";
import type { SqsMeter, SqsService } from "./api/service.js";
import { EventSourceMappings } from "./poller/event-source-mappings.js";
import type { QueueFaults } from "./queue/queue.js";
import { Queues } from "./queue/queues.js";

/** Options of queues and their pollers. */
export interface QueuesStartOptions {
  /** The SQS API, which listens already. */
  sqs: SqsService;
  credentials: Credentials;
  permissions: Permissions;
  invoker: Invoker;
  log: Log;
  /** See `QueueOptions.scale`. */
  scale: number;
  faults: QueueFaults;
  /** The most batches of one mapping at a time. More would wait for an environment while their visibility timeout runs. */
  maxBatches: number;
  meter: SqsMeter | undefined;
}

/** The queues of this run, and the pollers that run functions with their messages. */
export interface RunningQueues {
  /** Replaces the queues and mappings. */
  set(model: Pick<SystemModel, "queues" | "mappings">): void;
  /** Stops all pollers. */
  stop(): void;
  /** Logs the messages that are still queued: they are lost. */
  close(): void;
}

/** Serves the queues of a template, and runs the functions that read them. */
export const startQueues = (options: QueuesStartOptions): RunningQueues => {
  const { sqs, credentials, permissions, invoker, log, scale, faults, maxBatches, meter } = options;
  const clock = SYSTEM_CLOCK;
  const queues = new Queues({ clock, log, scale, faults });
  const mappings = new EventSourceMappings({ queues, permissions, invoker, clock, log, scale, maxBatches, meter });
  const signatures = new SignatureVerifier(credentials, "sqs");
  sqs.serve({ signatures, permissions, queues, log, now: clock.now, meter });
  return {
    set(model) {
      queues.set(model.queues);
      mappings.set(model.mappings);
    },
    stop: () => mappings.close(),
    close: () => queues.close(),
  };
};
