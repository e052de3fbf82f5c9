import type { Message } from "../../protocol/index.js";
import { limiter } from "../util/limiter.js";
import { type AgentData, RECIPIENTS_PER_REQUEST, REQUEST_BYTES, RESPONSE_BYTES } from "./contract.js";
import type { CallResult } from "./runner.js";

/** How many batches are with guard functions at once. Each may bring an environment of its function to life. */
export const BATCHES_IN_FLIGHT = 16;

/** One recipient of one message, and the guard function that decides about it. */
export interface DeliveryCall {
  /** The guard function's ARN. */
  function: string;
  agent: AgentData;
  /** The same object for all recipients of the same message. */
  message: Message;
}

/** Recipients of the same message and function, who are asked about together. */
export interface DeliveryBatch {
  function: string;
  message: Message;
  recipients: AgentData[];
}

/** How long a batch has. */
export interface BatchTime {
  timeoutMs: number;
  /** Whether waiting for other batches has taken a part of the guard's own time. */
  cut: boolean;
}

/** What a batch waits for. */
export interface BatchTiming {
  /** Milliseconds on any clock. */
  now(): number;
  /** Runs `close` when whoever comes now has come: soon, but not at once. */
  soon(close: () => void): void;
}

interface Open extends DeliveryBatch {
  bytes: number;
  /** How many recipients it takes. */
  most: number;
  timeoutMs: number;
  /** Until when it may take, on the clock of `timing`. */
  until: number;
  settlers: ((result: CallResult) => void)[];
}

/** What one recipient has in a response besides its data, in bytes: generously, for runtimes that write spaces. */
const DELIVERY_BYTES = 128;

/** How long a JSON text is where all but ASCII is written as `\u…`: no runtime writes more. */
const escapedBytes = (json: string): number => json.length + 5 * (json.match(/[^ -~]/g)?.length ?? 0);

/** About how many recipients can be asked at once, so that all of them can be given a message as large as this one. */
const mostFor = ({ data }: Message): number =>
  Math.min(
    RECIPIENTS_PER_REQUEST,
    Math.floor(RESPONSE_BYTES / (escapedBytes(JSON.stringify(data)) + DELIVERY_BYTES)) || 1,
  );

/**
 * Gathers recipients of the same message into batches, and asks about each batch once. A batch goes out when it is full
 * or when nobody more comes; as many as `BATCHES_IN_FLIGHT` are on their way, the others wait in the order they came.
 */
export class DeliveryBatches {
  readonly #open = new Map<string, Map<Message, Open>>();
  readonly #limited = limiter(BATCHES_IN_FLIGHT);
  readonly #ask: (batch: DeliveryBatch, time: BatchTime) => Promise<CallResult[]>;
  readonly #timing: BatchTiming;

  /** @param ask gives one result for each recipient, in their order; never rejects */
  constructor(ask: (batch: DeliveryBatch, time: BatchTime) => Promise<CallResult[]>, timing: BatchTiming) {
    this.#ask = ask;
    this.#timing = timing;
  }

  /**
   * Asks about one recipient.
   * @param timeoutMs how long the function may take once it is asked
   * @param withinMs how long all of it may take; a recipient whose batch cannot be asked in that time is `"late"`
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
      open.settlers.push(settle);
      if (open.recipients.length >= open.most) this.#close(open);
    });
  }

  /** The batch that still takes this recipient. */
  #batchFor({ function: arn, message }: DeliveryCall, bytes: number): Open {
    const known = this.#open.get(arn)?.get(message);
    if (known && known.bytes + bytes <= REQUEST_BYTES) return known;
    if (known) this.#close(known);
    const own = Buffer.byteLength(JSON.stringify(message));
    const open: Open = {
      function: arn,
      message,
      recipients: [],
      settlers: [],
      bytes: own,
      most: mostFor(message),
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
    // A batch for which there is room has been sent by now.
    waited = true;
  }

  async #send(
    { function: arn, message, recipients, settlers, timeoutMs, until }: Open,
    waited: boolean,
  ): Promise<void> {
    const given = Math.min(timeoutMs, until - this.#timing.now());
    const batch = { function: arn, message, recipients };
    const results = given > 0 ? await this.#ask(batch, { timeoutMs: given, cut: waited && given < timeoutMs }) : [];
    settlers.forEach((settle, at) => settle(results[at] ?? { kind: "late" }));
  }
}
