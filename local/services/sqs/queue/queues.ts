import { randomUUID } from "node:crypto";
import type { Clock } from "../../../core/clock.js";
import type { Log } from "../../../core/log.js";
import type { QueueModel } from "../../../assembly/model/queues.js";
import { type QueueFaults, Queue, type QueueCounts, type QueueSettings } from "./queue.js";
import { LongPolls } from "./long-polls.js";
import type { Message } from "./message.js";

/** A queue that is served. */
export interface ServedQueue {
  model: QueueModel;
  queue: Queue;
  polls: LongPolls;
  /** When the queue was created locally, and when it was last purged, in epoch milliseconds. */
  createdAt: number;
  purgedAt?: number;
}

/** Options of the queues. */
export interface QueuesOptions {
  clock: Clock;
  log: Log;
  /** See {@link QueueOptions.scale}. */
  scale: number;
  faults: QueueFaults;
}

/** The queues of a template. */
export class Queues {
  readonly #queues = new Map<string, ServedQueue>();

  constructor(private readonly options: QueuesOptions) {}

  /** Replaces the queues. Messages of queues that stay are kept. */
  set(models: QueueModel[]): void {
    const names = new Set(models.map(({ name }) => name));
    for (const [name, served] of this.#queues) if (!names.has(name)) this.#drop(name, served);
    for (const model of models) {
      const served = this.#queues.get(model.name);
      if (served) {
        served.model = model;
        served.queue.settings = settingsOf(model);
      } else this.#queues.set(model.name, this.#make(model));
    }
  }

  /** By name. */
  find(name: string): ServedQueue | undefined {
    return this.#queues.get(name);
  }

  /** By ARN. */
  findArn(arn: string): ServedQueue | undefined {
    return [...this.#queues.values()].find(({ model }) => model.arn === arn);
  }

  /** Ends all waits, and logs the messages that are still queued: they are lost. */
  close(): void {
    for (const { polls } of this.#queues.values()) polls.close();
    const lines = [...this.#queues.values()].flatMap(({ model, queue }) => lineOf(model, queue.counts));
    if (lines.length > 0) this.#warn(`Messages that are still queued are lost:\n${lines.join("\n")}`);
    this.#queues.clear();
  }

  #make(model: QueueModel): ServedQueue {
    const { clock, scale, faults } = this.options;
    const queue = new Queue({
      name: model.name,
      settings: settingsOf(model),
      now: () => clock.now(),
      makeId: randomUUID,
      onDead: (message) => this.#dead(model.name, message),
      onExpired: ({ id }) =>
        this.#warn(`${model.logicalId} has kept message ${id} for its MessageRetentionPeriod, and drops it.`),
      scale,
      faults,
    });
    return { model, queue, polls: new LongPolls(queue, clock), createdAt: clock.now() };
  }

  #dead(name: string, message: Message): void {
    const model = this.#queues.get(name)?.model;
    const target = model?.redrive && this.findArn(model.redrive.deadLetterArn);
    if (!model || !target) {
      return this.#warn(
        `Message ${message.id} of ${name} was received too often, and its dead-letter queue is gone: it is lost.`,
      );
    }
    const times = model.redrive?.maxReceiveCount;
    this.#warn(
      `${model.logicalId} gives message ${message.id} to ${target.model.logicalId}: it was received ${times} times.`,
    );
    target.queue.send({ ...message, system: { ...message.system, DeadLetterQueueSourceArn: model.arn } }, 0);
    target.polls.wake();
  }

  #drop(name: string, { model, queue, polls }: ServedQueue): void {
    polls.close();
    const lines = lineOf(model, queue.counts);
    if (lines.length > 0)
      this.#warn(`A queue is gone from the template, and its messages with it:\n${lines.join("\n")}`);
    this.#queues.delete(name);
  }

  #warn(message: string): void {
    this.options.log({ level: "warn", source: "sqs", message });
  }
}

const settingsOf = ({ visibilitySeconds, retentionSeconds, delaySeconds, redrive }: QueueModel): QueueSettings => ({
  visibilityMs: visibilitySeconds * 1000,
  retentionMs: retentionSeconds * 1000,
  delayMs: delaySeconds * 1000,
  ...(redrive && { maxReceiveCount: redrive.maxReceiveCount }),
});

const lineOf = ({ logicalId }: QueueModel, { visible, inFlight, delayed }: QueueCounts): string[] => {
  if (visible + inFlight + delayed === 0) return [];
  return [`  ${logicalId}: ${visible} waiting, ${inFlight} in flight, ${delayed} delayed`];
};
