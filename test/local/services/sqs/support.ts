import type { Clock } from "../../../../local/core/clock.js";
import type { MappingModel, QueueModel } from "../../../../local/assembly/model/queues.js";
import type { Delivery, Message } from "../../../../local/services/sqs/queue/message.js";
import { Queue, type QueueOptions, type QueueSettings } from "../../../../local/services/sqs/queue/queue.js";

/** When tests begin. */
const NOW = Date.UTC(2026, 10, 23);

/** A clock that a test sets forward. */
export class TestClock implements Clock {
  #now = NOW;
  readonly #timers = new Set<{ at: number; run: () => void }>();

  readonly now = (): number => this.#now;

  after(ms: number, run: () => void): () => void {
    const timer = { at: this.#now + ms, run };
    this.#timers.add(timer);
    return () => this.#timers.delete(timer);
  }

  /** Advances the time, and runs due timers in order. */
  pass(ms: number): void {
    const end = this.#now + ms;
    for (;;) {
      const [next] = [...this.#timers].filter(({ at }) => at <= end).sort((a, b) => a.at - b.at);
      if (!next) break;
      this.#timers.delete(next);
      this.#now = next.at;
      next.run();
    }
    this.#now = end;
  }

  /** How many waits are going on. */
  get waits(): number {
    return this.#timers.size;
  }
}

/** A message with this id, which is its body, too. */
export const message = (id: string, sentAt = NOW): Message => ({ id, body: id, attributes: {}, system: {}, sentAt });

/** AWS's defaults. */
const SETTINGS: QueueSettings = { visibilityMs: 30_000, retentionMs: 345_600_000, delayMs: 0 };

/** A queue, and its reports. */
export const makeQueue = (
  clock: TestClock,
  settings: Partial<QueueSettings> = {},
  more: Partial<QueueOptions> = {},
) => {
  const [dead, expired]: [string[], string[]] = [[], []];
  let id = 0;
  const queue = new Queue({
    name: "jobs",
    settings: { ...SETTINGS, ...settings },
    now: clock.now,
    makeId: () => `${(id += 1)}`,
    onDead: (each) => dead.push(each.id),
    onExpired: (each) => expired.push(each.id),
    ...more,
  });
  return { queue, dead, expired };
};

/** Bodies of deliveries. */
export const bodies = (deliveries: Delivery[]): string[] => deliveries.map(({ body }) => body);

/** A queue of the model. */
export const queueModel = (name: string, more: Partial<QueueModel> = {}): QueueModel => ({
  logicalId: name,
  name,
  arn: `arn:aws:sqs:eu-west-1:123456789012:${name}`,
  url: `http://127.0.0.1:1/123456789012/${name}`,
  visibilitySeconds: 30,
  retentionSeconds: 345_600,
  delaySeconds: 0,
  waitSeconds: 0,
  maxMessageBytes: 1024 * 1024,
  ...more,
});

/** A mapping of the queue `jobs` to the function `Worker`. */
export const MAPPING: MappingModel = {
  logicalId: "Mapping",
  functionId: "Worker",
  queueArn: queueModel("jobs").arn,
  batchSize: 10,
  windowSeconds: 0,
  reportsFailures: false,
};

/** Lets everything happen that needs no time. */
export const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
