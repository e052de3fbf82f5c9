import type { Permissions } from "../../../core/authorization/permissions.js";
import type { Clock } from "../../../core/clock.js";
import type { Invoker } from "../../../core/invoker.js";
import type { Log, LogEntry } from "../../../core/log.js";
import type { MappingModel } from "../../../assembly/model/queues.js";
import type { QueueRequestMeter } from "../metering.js";
import type { Queues, ServedQueue } from "../queue/queues.js";
import { Poller } from "./poller.js";

/** Options of event source mappings. */
export interface MappingsOptions {
  queues: Pick<Queues, "findArn">;
  permissions: Pick<Permissions, "check">;
  invoker: Invoker;
  clock: Clock;
  log: Log;
  /** See {@link PollerOptions.maxBatches}. */
  maxBatches: number;
  /** See {@link QueueOptions.scale}. */
  scale: number;
  /** See {@link PollerOptions.meter}. */
  meter?: QueueRequestMeter | undefined;
}

/**
 * The permissions that a function's role needs for its queue. AWS checks them before it creates a mapping.
 * @see https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html#events-sqs-permissions
 */
const ACTIONS = ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"];

interface Running {
  /** Identifies the mapping and queue that it was started with. */
  key: string;
  poller: Poller;
}

/** The event source mappings of a template. */
export class EventSourceMappings {
  readonly #running = new Map<string, Running>();
  readonly #ending = new Set<Poller>();

  constructor(private readonly options: MappingsOptions) {}

  /** Replaces the mappings. Current batches are completed. */
  set(models: MappingModel[]): void {
    const keys = new Map(models.map((model) => [model.logicalId, this.#keyOf(model)]));
    for (const [id, { key, poller }] of this.#running) {
      if (keys.get(id) === key) continue;
      this.#running.delete(id);
      this.#ending.add(poller);
      void poller.close().finally(() => this.#ending.delete(poller));
    }
    for (const model of models) if (!this.#running.has(model.logicalId)) this.#start(model, keys.get(model.logicalId)!);
  }

  /** Stops all pollers. Current batches end with the functions' processes. */
  close(): void {
    for (const poller of [...[...this.#running.values()].map((each) => each.poller), ...this.#ending]) poller.abandon();
    this.#running.clear();
  }

  /** Identifies a mapping and its queue: a poller is restarted if either has changed. */
  #keyOf(model: MappingModel): string {
    return JSON.stringify([model, this.options.queues.findArn(model.queueArn)?.model]);
  }

  #start(mapping: MappingModel, key: string): void {
    const { queues, invoker, clock, maxBatches, scale, meter } = this.options;
    const served = queues.findArn(mapping.queueArn);
    if (!served || !this.#permitted(mapping, served)) return;
    const log = (level: LogEntry["level"], message: string): void =>
      this.options.log({ level, source: "sqs", message });
    const invoke = (event: object) => invoker.invoke(mapping.functionId, event);
    this.#running.set(mapping.logicalId, {
      key,
      poller: new Poller({ mapping, served, invoke, clock, maxBatches, scale, log, meter }),
    });
  }

  /** AWS refuses to create a mapping if its function may not read the queue. */
  #permitted({ logicalId, functionId, queueArn }: MappingModel, { model }: ServedQueue): boolean {
    const refusals = ACTIONS.map((action) =>
      this.options.permissions.check(functionId, [{ action, resource: queueArn }]),
    );
    const refused = refusals.flatMap((refusal) => (refusal ? [refusal.call.action.replace("sqs:", "")] : []));
    if (refused.length === 0) return true;
    const message = `${logicalId} does not run ${functionId}: its role may not call ${refused.join(", ")} on ${model.logicalId}.`;
    this.options.log({ level: "error", source: "sqs", message });
    return false;
  }
}
