import type { FunctionModel } from "../../../assembly/model/functions.js";
import type { InvokeResult } from "../../../core/invoker.js";

/**
 * Events that the functions of an account may have at a time in a Region.
 * @see https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
 */
export const ACCOUNT_CONCURRENCY = 1000;

/**
 * The same in a new account, until AWS raises it. AWS says "reduced"; users report 10.
 * @see https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
 * @see https://github.com/awslabs/fhir-works-on-aws-deployment/issues/691
 */
export const NEW_ACCOUNT_CONCURRENCY = 10;

/**
 * The concurrency of an account. Concurrency that is reserved for some functions is not available to the others. An
 * event that waits locally for an environment would run in AWS, so it counts as running.
 */
export class AccountConcurrency {
  #unreserved = Infinity;
  #running = 0;

  /** @param most for all functions together */
  constructor(private readonly most = Infinity) {}

  /** Replaces the functions. */
  set(functions: FunctionModel[]): void {
    const reserved = functions.reduce((sum, { reservedConcurrency = 0 }) => sum + reservedConcurrency, 0);
    this.#unreserved = this.most - reserved;
  }

  /** Runs an event, unless there are too many. Functions with a reserved concurrency see to it themselves. */
  async run({ reservedConcurrency }: FunctionModel, invoke: () => Promise<InvokeResult>): Promise<InvokeResult> {
    if (this.most === Infinity || reservedConcurrency !== undefined) return invoke();
    if (this.#running >= this.#unreserved) return THROTTLED;
    this.#running += 1;
    return invoke().finally(() => (this.#running -= 1));
  }
}

const THROTTLED: InvokeResult = {
  ok: false,
  kind: "throttled",
  message: "Rate Exceeded: the account's concurrency is in use.",
  reason: "ConcurrentInvocationLimitExceeded",
};
