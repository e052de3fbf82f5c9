import type { Manifest } from "../../protocol/guard-manifest.js";
import type { Decision, GuardCall } from "./messages.js";

/** The result of one guard call. */
export type CallResult =
  | { kind: "decided"; decision: Decision }
  /** `logged`: it was already logged once for the batch. */
  | { kind: "timeout"; logged?: true }
  /**
   * `detail`: the failed part and the error's type. `said`: its own text, which may contain anything and is for the
   * debug log only.
   */
  | { kind: "failed"; detail: string; said?: string }
  /** Only for a delivery guard: there was no time to call it, or to call it again. */
  | { kind: "late" };

/** Runs guards: in a thread of the function, or in separate functions. */
export interface GuardRunner {
  /**
   * The defined guards; `undefined` if they could not be loaded, `"timeout"` if they are still loading after
   * `timeoutMs`.
   */
  manifest(timeoutMs: number): Promise<Manifest | "timeout" | undefined>;
  /**
   * Runs one guard. Never rejects, and takes little longer than `timeoutMs`. A delivery guard may have to wait or to
   * run again: it takes little longer than `withinMs`.
   * @param begun called when a delivery guard no longer needs a place in a queue: it runs, or is about to run with
   * others
   */
  run(call: GuardCall, timeoutMs: number, withinMs?: number, begun?: () => void): Promise<CallResult>;
}
