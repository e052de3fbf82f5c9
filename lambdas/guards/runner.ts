import type { Manifest } from "../../protocol/guard-manifest.js";
import type { Decision, GuardCall } from "./messages.js";

/** What came of one guard call. */
export type CallResult =
  | { kind: "decided"; decision: Decision }
  /** `logged`: who asked many at once has logged it once. */
  | { kind: "timeout"; logged?: true }
  /** `detail`: what failed, without what it said, which may hold anything and is for the debug log only. */
  | { kind: "failed"; detail: string; said?: string }
  /** Of a delivery guard only: there was no time to ask it, or to ask it again. */
  | { kind: "late" };

/** Where guards run: in a thread beside the function, or in functions of their own. */
export interface GuardRunner {
  /**
   * Which guards there are; `undefined` when they could not be loaded, `"timeout"` when they still are not after
   * `timeoutMs`.
   */
  manifest(timeoutMs: number): Promise<Manifest | "timeout" | undefined>;
  /**
   * Runs one guard. Never rejects, and takes little longer than `timeoutMs`; a delivery guard, that may have to wait for
   * others or be run again, little longer than `withinMs`.
   * @param begun told when a delivery guard needs nobody's place any more: it has begun, or is about to with others
   */
  run(call: GuardCall, timeoutMs: number, withinMs?: number, begun?: () => void): Promise<CallResult>;
}
