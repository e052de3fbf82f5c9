import type { Message } from "../../protocol/index.js";
import type { HandlerName, Manifest } from "../../protocol/guard-manifest.js";
import type { ChannelRules } from "../subscriptions/channel-rules.js";
import type { Clock, Log } from "../ports.js";
import { CONTRACT_VERSION, type GuardRequest } from "./contract.js";
import { type BatchTime, type BatchTiming, DeliveryBatches, type DeliveryBatch } from "./delivery-batches.js";
import type { GuardCall } from "./messages.js";
import { type Read, readDecision, readDeliveries } from "./response.js";
import type { CallResult, GuardRunner } from "./runner.js";
import { type Invoke, invokeWithRetry } from "./invoke-with-retry.js";

/** Guard functions: their ARNs by entry (`DEFAULT_ENTRY`, a channel or a pattern) and handler. */
export type GuardFunctions = Record<string, Partial<Record<HandlerName, string>>>;

/** What running guard functions needs. */
export interface FunctionRunnerDependencies {
  functions: GuardFunctions;
  /** Patterns at or below which wildcard subscriptions are enabled. */
  wildcards: string[];
  /** The deployment's: what a function permits is held to them. */
  limits: ChannelRules["limits"];
  invoke: Invoke;
  clock: Clock;
  timing: BatchTiming;
  log: Pick<Log, "debug" | "warn" | "error">;
}

/** What is permitted of a recipient that gets nothing, and of a departure, of which nobody waits to hear. */
const NOTHING: CallResult = { kind: "decided", decision: { permitted: true, subscribe: [], publish: [] } };

/** An answer that was read, or why there is none. */
type Asked<T> = { kind: "read"; value: T } | { kind: "accepted" | "timeout" } | { kind: "failed"; detail: string };

/** Runs guards that are functions of their own: one invocation for each call, or for a batch of deliveries. */
export class FunctionRunner implements GuardRunner {
  readonly #running: FunctionRunnerDependencies;
  readonly #manifest: Manifest;
  readonly #batches: DeliveryBatches;

  constructor(running: FunctionRunnerDependencies) {
    this.#running = running;
    this.#manifest = Object.fromEntries(
      Object.entries(running.functions).map(([entry, handlers]) => [entry, Object.keys(handlers) as HandlerName[]]),
    );
    this.#batches = new DeliveryBatches((batch, time) => this.#deliver(batch, time), running.timing);
  }

  /** Known at once. */
  manifest(): Promise<Manifest> {
    return Promise.resolve(this.#manifest);
  }

  async run(call: GuardCall, timeoutMs: number, withinMs = timeoutMs, begun?: () => void): Promise<CallResult> {
    const { handler, entry, agent, channel, message } = call;
    const arn = this.#running.functions[entry]?.[handler];
    if (arn === undefined) return { kind: "failed", detail: `no guard function is known for ${handler}` };
    if (handler === "onMessageReceived" && message) {
      begun?.();
      return this.#batches.add({ function: arn, agent, message }, timeoutMs, Math.max(timeoutMs, withinMs));
    }
    const request = this.#requestFor(handler, timeoutMs, {
      agent,
      ...(channel === undefined ? {} : { channel }),
      ...(message === undefined ? {} : { message }),
    });
    const asked = await this.#ask(arn, request, (response) =>
      readDecision(response, request, this.#running.clock.now(), this.#running.limits),
    );
    if (asked.kind === "accepted") return NOTHING;
    return asked.kind === "read" ? { kind: "decided", decision: asked.value } : (asked as CallResult);
  }

  /** Asks about one batch. What goes wrong is logged once, and not for each recipient. */
  async #deliver(
    { function: arn, message, recipients }: DeliveryBatch,
    { timeoutMs, cut }: BatchTime,
  ): Promise<CallResult[]> {
    const { channel } = message;
    const request = this.#requestFor("onMessageReceived", timeoutMs, { channel, message, recipients });
    const asked = await this.#ask(arn, request, (response) => readDeliveries(response, request));
    if (asked.kind === "read") return recipients.map(({ uuid }) => deliveredTo(asked.value.get(uuid)));
    // What the wait for others took from the guard's time is not the guard's fault.
    if (asked.kind === "timeout" && cut) return recipients.map(() => ({ kind: "late" }));
    const fields = { guard: request.guard, channel, uuid: message.uuid, recipients: recipients.length };
    if (asked.kind === "failed") this.#running.log.error("guard_failed", { ...fields, detail: asked.detail });
    if (asked.kind !== "timeout") return recipients.map(() => NOTHING);
    this.#running.log.warn("guard_timeout", fields);
    return recipients.map(() => ({ kind: "timeout", logged: true }));
  }

  #requestFor(guard: HandlerName, timeoutMs: number, more: Partial<GuardRequest>): GuardRequest {
    const { wildcards } = this.#running;
    return { version: CONTRACT_VERSION, guard, timeoutMs: Math.max(1, Math.floor(timeoutMs)), wildcards, ...more };
  }

  /** What a function says itself goes to the debug log only: it may hold anything. */
  async #ask<T>(arn: string, request: GuardRequest, read: (response: string) => Read<T>): Promise<Asked<T>> {
    const { invoke, timing, log } = this.#running;
    const { guard, timeoutMs } = request;
    const until = timing.now() + timeoutMs;
    const payload = JSON.stringify(request);
    const invoked = await (guard === "onDisconnect"
      ? invokeWithRetry(this.#running, arn, payload, timeoutMs)
      : invoke(arn, payload, { timeoutMs, asynchronous: false }));
    const failed = (detail: string, said: string | undefined): Asked<T> => {
      const uuid = request.message?.uuid;
      if (said !== undefined)
        log.debug("guard_function_said", { guard, function: arn, ...(uuid === undefined ? {} : { uuid }), said });
      return { kind: "failed", detail };
    };
    if (invoked.kind === "failed") return failed(`the guard function ${arn} failed: ${invoked.detail}`, invoked.said);
    if (invoked.kind !== "answered") return invoked;
    // It came when time was over, before whoever keeps it had noticed.
    if (timing.now() >= until) return { kind: "timeout" };
    const response = read(invoked.payload);
    if ("value" in response) return { kind: "read", value: response.value };
    return failed(`the response of the guard function ${arn} is invalid: ${response.fault}`, invoked.payload);
  }
}

const deliveredTo = (message: Message | undefined): CallResult =>
  message ? { kind: "decided", decision: { permitted: true, subscribe: [], publish: [message] } } : NOTHING;
