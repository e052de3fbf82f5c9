import type { Message } from "../../protocol/index.js";
import { limiter } from "../util/limiter.js";
import { type AgentData, RECIPIENTS_PER_REQUEST, REQUEST_BYTES, RESPONSE_BYTES } from "./contract.js";
import type { CallResult } from "./runner.js";

/** How many batches run at once. Each may start a new environment of its function. */
export const BATCHES_IN_FLIGHT = 16;

/** One recipient of one message, and the guard function that decides. */
export interface DeliveryCall {
  /** The guard function's ARN. */
  function: string;
  agent: AgentData;
  /** The same object for all recipients of the same message. */
  message: Message;
}

/** Recipients of the same message with the same function, decided by one call. */
export interface DeliveryBatch {
  function: string;
  message: Message;
  recipients: AgentData[];
}

/** The time of a batch. */
export interface BatchTime {
  timeoutMs: number;
  /** Whether waiting for other batches has used a part of the guard's own time. */
  cut: boolean;
}

/** Clock and scheduler of batches. */
export interface BatchTiming {
  /** Milliseconds on any clock. */
  now(): number;
  /** Runs `close` after the current work has added its recipients: soon, but not at once. */
  soon(close: () => void): void;
}

interface Open extends DeliveryBatch {
  bytes: number;
  /** Maximum number of recipients. */
  maxRecipients: number;
  timeoutMs: number;
  /** Deadline, on the clock of `timing`. */
  until: number;
  callbacks: ((result: CallResult) => void)[];
}

/** Bytes of one recipient in a response without its data: generous, for runtimes that write spaces. */
const DELIVERY_BYTES = 128;

/** The length of a JSON text if all characters but ASCII are written as `\u…`: an upper bound for any runtime. */
const escapedBytes = (json: string): number => json.length + 5 * (json.match(/[^ -~]/g)?.length ?? 0);

/** About how many recipients fit a batch, so that each of them can get a message as large as this one. */
const maxRecipientsFor = ({ data }: Message): number =>
  Math.min(
    RECIPIENTS_PER_REQUEST,
    Math.floor(RESPONSE_BYTES / (escapedBytes(JSON.stringify(data)) + DELIVERY_BYTES)) || 1,
  );

/**
 * Collects recipients of the same message into batches, and calls the guard function once for each batch. A batch is
 * sent when it is full, or when the current work has added its recipients. At most `BATCHES_IN_FLIGHT` run at once; the
 * others wait in order.
 */
export class DeliveryBatches {
  readonly #open = new Map<string, Map<Message, Open>>();
  readonly #limited = limiter(BATCHES_IN_FLIGHT);
  readonly #ask: (batch: DeliveryBatch, time: BatchTime) => Promise<CallResult[]>;
  readonly #timing: BatchTiming;

  /** @param ask returns one result for each recipient, in their order; never rejects */
  constructor(ask: (batch: DeliveryBatch, time: BatchTime) => Promise<CallResult[]>, timing: BatchTiming) {
    this.#ask = ask;
    this.#timing = timing;
  }

  /**
   * Adds one recipient.
   * @param timeoutMs maximum time of the function once it is called
   * @param withinMs maximum time of all of it; if the batch cannot be sent in that time, the result is `"late"`
   */
  add(call: DeliveryCall, timeoutMs: number, withinMs: number): Promise<CallResult> {
    const bytes = Buffer.byteLength(JSON.stringify(call.agent)) + 1;
    const until = this.#timing.now() + withinMs;
    const open = this.#batchFor(call, bytes);
    open.recipients.push(call.agent);
    open.bytes += bytes;
    open.timeoutMs = Math.min(open.timeoutMs, timeoutMs);
    open.until = Math.min(open.until, until);
    return new Promise((settle) => {
      open.callbacks.push(settle);
      if (open.recipients.length >= open.maxRecipients) this.#close(open);
    });
  }

  /** The batch for this recipient. */
  #batchFor({ function: arn, message }: DeliveryCall, bytes: number): Open {
    const existing = this.#open.get(arn)?.get(message);
    if (existing && existing.bytes + bytes <= REQUEST_BYTES) return existing;
    if (existing) this.#close(existing);
    const own = Buffer.byteLength(JSON.stringify(message));
    const open: Open = {
      function: arn,
      message,
      recipients: [],
      callbacks: [],
      bytes: own,
      maxRecipients: maxRecipientsFor(message),
      timeoutMs: Infinity,
      until: Infinity,
    };
    this.#open.set(arn, (this.#open.get(arn) ?? new Map<Message, Open>()).set(message, open));
    this.#timing.soon(() => this.#close(open));
    return open;
  }

  #close(open: Open): void {
    const batches = this.#open.get(open.function);
    if (batches?.get(open.message) !== open) return;
    batches.delete(open.message);
    if (batches.size === 0) this.#open.delete(open.function);
    let waited = false;
    void this.#limited(() => this.#send(open, waited));
    // If there is a free slot, the batch has been sent by now.
    waited = true;
  }

  async #send(
    { function: arn, message, recipients, callbacks, timeoutMs, until }: Open,
    waited: boolean,
  ): Promise<void> {
    const availableMs = Math.min(timeoutMs, until - this.#timing.now());
    const batch = { function: arn, message, recipients };
    const results =
      availableMs > 0 ? await this.#ask(batch, { timeoutMs: availableMs, cut: waited && availableMs < timeoutMs }) : [];
    callbacks.forEach((settle, at) => settle(results[at] ?? { kind: "late" }));
  }
}
