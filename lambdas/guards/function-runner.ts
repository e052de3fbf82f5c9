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

/** The ports and settings that running guard functions uses. */
export interface FunctionRunnerDependencies {
  functions: GuardFunctions;
  /** Patterns at or below which wildcard subscriptions are enabled. */
  wildcards: string[];
  /** The deployment's limits, which a function's verdicts must respect. */
  limits: ChannelRules["limits"];
  invoke: Invoke;
  clock: Clock;
  timing: BatchTiming;
  log: Pick<Log, "debug" | "warn" | "error">;
}

/** The result for a recipient that gets no message, and for `onDisconnect`, which has no verdict. */
const NOTHING: CallResult = { kind: "decided", decision: { permitted: true, subscribe: [], publish: [] } };

/** A parsed response, or why there is none. */
type GuardAnswer<T> =
  { kind: "read"; value: T } | { kind: "accepted" | "timeout" } | { kind: "failed"; detail: string };

/** Runs guards that are Lambda functions: one invocation for each call, or for a batch of deliveries. */
export class FunctionRunner implements GuardRunner {
  readonly #dependencies: FunctionRunnerDependencies;
  readonly #manifest: Manifest;
  readonly #batches: DeliveryBatches;

  constructor(dependencies: FunctionRunnerDependencies) {
    this.#dependencies = dependencies;
    this.#manifest = Object.fromEntries(
      Object.entries(dependencies.functions).map(([entry, handlers]) => [
        entry,
        Object.keys(handlers) as HandlerName[],
      ]),
    );
    this.#batches = new DeliveryBatches((batch, time) => this.#deliver(batch, time), dependencies.timing);
  }

  /** Available at once. */
  manifest(): Promise<Manifest> {
    return Promise.resolve(this.#manifest);
  }

  async run(call: GuardCall, timeoutMs: number, withinMs = timeoutMs, begun?: () => void): Promise<CallResult> {
    const { handler, entry, agent, channel, message, token, state } = call;
    const arn = this.#dependencies.functions[entry]?.[handler];
    if (arn === undefined) return { kind: "failed", detail: `no guard function is known for ${handler}` };
    if (handler === "onMessageReceived" && message) {
      begun?.();
      return this.#batches.add({ function: arn, agent, message }, timeoutMs, Math.max(timeoutMs, withinMs));
    }
    const request = this.#requestFor(handler, timeoutMs, {
      agent,
      ...(channel === undefined ? {} : { channel }),
      ...(message === undefined ? {} : { message }),
      ...(token === undefined ? {} : { token }),
      ...(state === undefined ? {} : { state }),
    });
    const asked = await this.#ask(arn, request, (response) =>
      readDecision(response, request, this.#dependencies.clock.now(), this.#dependencies.limits),
    );
    if (asked.kind === "accepted") return NOTHING;
    return asked.kind === "read" ? { kind: "decided", decision: asked.value } : (asked as CallResult);
  }

  /** Invokes a function for one batch. A failure is logged once, and not for each recipient. */
  async #deliver(
    { function: arn, message, recipients }: DeliveryBatch,
    { timeoutMs, cut }: BatchTime,
  ): Promise<CallResult[]> {
    const { channel } = message;
    const request = this.#requestFor("onMessageReceived", timeoutMs, { channel, message, recipients });
    const asked = await this.#ask(arn, request, (response) => readDeliveries(response, request));
    if (asked.kind === "read") return recipients.map(({ uuid }) => deliveredTo(asked.value.get(uuid)));
    // The guard is not responsible if waiting for other batches has used its time.
    if (asked.kind === "timeout" && cut) return recipients.map(() => ({ kind: "late" }));
    const fields = { guard: request.guard, channel, uuid: message.uuid, recipients: recipients.length };
    if (asked.kind === "failed") this.#dependencies.log.error("guard_failed", { ...fields, detail: asked.detail });
    if (asked.kind !== "timeout") return recipients.map(() => NOTHING);
    this.#dependencies.log.warn("guard_timeout", fields);
    return recipients.map(() => ({ kind: "timeout", logged: true }));
  }

  #requestFor(guard: HandlerName, timeoutMs: number, more: Partial<GuardRequest>): GuardRequest {
    const { wildcards } = this.#dependencies;
    return { version: CONTRACT_VERSION, guard, timeoutMs: Math.max(1, Math.floor(timeoutMs)), wildcards, ...more };
  }

  /** A function's own text goes to the debug log only: it may contain anything. */
  async #ask<T>(arn: string, request: GuardRequest, read: (response: string) => Read<T>): Promise<GuardAnswer<T>> {
    const { invoke, timing, log } = this.#dependencies;
    const { guard, timeoutMs } = request;
    const until = timing.now() + timeoutMs;
    const payload = JSON.stringify(request);
    const invoked = await (guard === "onDisconnect"
      ? invokeWithRetry(this.#dependencies, arn, payload, timeoutMs)
      : invoke(arn, payload, { timeoutMs, asynchronous: false }));
    const failed = (detail: string, said: string | undefined): GuardAnswer<T> => {
      const uuid = request.message?.uuid;
      if (said !== undefined)
        log.debug("guard_function_said", { guard, function: arn, ...(uuid === undefined ? {} : { uuid }), said });
      return { kind: "failed", detail };
    };
    if (invoked.kind === "failed") return failed(`the guard function ${arn} failed: ${invoked.detail}`, invoked.said);
    if (invoked.kind !== "answered") return invoked;
    // It came after the deadline, before the timer ran.
    if (timing.now() >= until) return { kind: "timeout" };
    const response = read(invoked.payload);
    if ("value" in response) return { kind: "read", value: response.value };
    return failed(`the response of the guard function ${arn} is invalid: ${response.fault}`, invoked.payload);
  }
}

const deliveredTo = (message: Message | undefined): CallResult =>
  message ? { kind: "decided", decision: { permitted: true, subscribe: [], publish: [message] } } : NOTHING;
