import type { InvocationMeter, RunEnd, RunContext } from "../services/lambda/metering.js";
import { type FunctionCounts, type MeterSnapshot, zeroCounts, addCounts } from "./counts.js";
import { deliveriesIn } from "./deliveries.js";
import { type CallKind, DECLARED_MS, declaredByHost, INIT_MS } from "./latency.js";
import { EVENT_METER_BYTES, MESSAGE_METER_BYTES, QUEUE_METER_BYTES, meteredUnits } from "./prices.js";
import { RunMeter } from "./run.js";
import type { EndCall } from "../services/lambda/timeline.js";
import { type Bill, priceOf } from "./usd.js";

/** Options of a meter. */
export interface MeterOptions {
  /** Returns the logical id of an access key's owner. */
  callerOf: (accessKeyId: string) => string | undefined;
  /** The clock, in epoch milliseconds. @default Date.now */
  now?: () => number;
}

/** Counts what AWS would bill for the requests that the local runtime serves. docs/FIDELITY.md has the rules. */
export class Meter implements InvocationMeter {
  readonly #totals = { messagesIn: 0, messagesOut: 0, deliveries: 0, queueRequests: 0, busEvents: 0 };
  readonly #functions = new Map<string, FunctionCounts>();
  /** The current runs, by access key. */
  readonly #running = new Map<string, RunMeter>();
  readonly #now: () => number;
  /** The number of open connections, the sum of their opening times, and the total duration of closed connections. */
  #open = 0;
  #openedAt = 0;
  #connectedMs = 0;
  #quiet: (() => void)[] = [];

  constructor(private readonly options: MeterOptions) {
    this.#now = options.now ?? Date.now;
  }

  /** The usage up to now. It includes open connections, but not the current runs. */
  snapshot(): MeterSnapshot {
    const at = this.#now();
    const functions = Object.fromEntries([...this.#functions].map(([id, counts]) => [id, { ...counts }]));
    const { invocations, coldStarts, gbSeconds, readUnits, writeUnits } = Object.values(functions).reduce(
      addCounts,
      zeroCounts(),
    );
    const connectedMs = this.#connectedMs + this.#open * at - this.#openedAt;
    const used = { invocations, coldStarts, gbSeconds, readUnits, writeUnits };
    return { at, ...this.#totals, connectionMinutes: connectedMs / 60_000, ...used, functions };
  }

  /** Prices a snapshot, or the difference of two. */
  usd(snapshot: MeterSnapshot): Bill {
    return priceOf(snapshot);
  }

  /** Resolves when no function runs, so that the next snapshot includes all requests so far. */
  settled(): Promise<void> {
    return this.#running.size === 0 ? Promise.resolve() : new Promise((resolve) => this.#quiet.push(resolve));
  }

  /** A client has sent a message. */
  received(bytes: number): void {
    this.#totals.messagesIn += meteredUnits(bytes, MESSAGE_METER_BYTES);
  }

  /** A client is sent a frame. */
  sent(frame: Buffer | string): void {
    this.#totals.messagesOut += meteredUnits(Buffer.byteLength(frame), MESSAGE_METER_BYTES);
    this.#totals.deliveries += deliveriesIn(frame.toString());
  }

  /** A connection opened. @param at epoch milliseconds */
  opened(at: number): void {
    this.#open += 1;
    this.#openedAt += at;
  }

  /** A connection has closed. @param openedAt when it opened, in epoch milliseconds */
  closed(openedAt: number): void {
    this.#open -= 1;
    this.#openedAt -= openedAt;
    this.#connectedMs += this.#now() - openedAt;
  }

  /** Counts requests to SQS, by the size of each payload in bytes. */
  queueRequest(...payloads: number[]): void {
    for (const bytes of payloads) this.#totals.queueRequests += meteredUnits(bytes, QUEUE_METER_BYTES);
  }

  /** Events that were put on a bus, by their sizes in bytes. */
  busEvents(sizes: number[]): void {
    for (const bytes of sizes) this.#totals.busEvents += meteredUnits(bytes, EVENT_METER_BYTES);
  }

  services(variables: Record<string, string>): Record<string, number> {
    return declaredByHost(variables);
  }

  /** An environment was made. */
  coldStart({ functionId, memoryMb }: Omit<RunContext, "accessKeyId">): void {
    this.#of(functionId).coldStarts += 1;
    this.#bill(functionId, memoryMb, INIT_MS);
  }

  /**
   * A run begins.
   * @returns a function that ends the run and returns its billed duration in milliseconds
   */
  run({ functionId, memoryMb, accessKeyId }: RunContext): (end: RunEnd) => number {
    const run = new RunMeter();
    this.#running.set(accessKeyId, run);
    return ({ spent, timedOutMs }) => {
      const ms = timedOutMs ?? run.billedMs(spent);
      this.#of(functionId).invocations += 1;
      this.#bill(functionId, memoryMb, ms);
      this.#running.delete(accessKeyId);
      if (this.#running.size === 0) for (const resolve of this.#quiet.splice(0)) resolve();
      return ms;
    };
  }

  /** A caller calls a service. */
  call(accessKeyId: string, kind: CallKind): EndCall {
    const counts = this.#of(this.options.callerOf(accessKeyId) ?? "unknown");
    if (kind === "post") counts.posts += 1;
    if (kind === "dynamoDb") counts.dynamoDbCalls += 1;
    return this.#running.get(accessKeyId)?.call(DECLARED_MS[kind]) ?? (() => undefined);
  }

  /** Counts the capacity that a call to DynamoDB has consumed. */
  units(accessKeyId: string, { read, write }: { read: number; write: number }): void {
    const counts = this.#of(this.options.callerOf(accessKeyId) ?? "unknown");
    counts.readUnits += read;
    counts.writeUnits += write;
  }

  #bill(functionId: string, memoryMb: number, ms: number): void {
    const counts = this.#of(functionId);
    counts.billedMs += ms;
    counts.gbSeconds += (ms / 1000) * (memoryMb / 1024);
  }

  #of(id: string): FunctionCounts {
    const known = this.#functions.get(id);
    if (known) return known;
    const counts = zeroCounts();
    this.#functions.set(id, counts);
    return counts;
  }
}
