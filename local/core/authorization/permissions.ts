import type { Place } from "../place.js";
import type { Caller } from "./caller.js";
import type { Call } from "./call.js";

/** A call that was refused. */
export interface Refusal {
  caller: Caller;
  call: Call;
  /** The error message, as in AWS. */
  message: string;
}

/** Checks the permissions of this run's callers. */
export interface Permissions {
  /** The Region, account and partition that ARNs of this run name. */
  readonly place: Place;
  /**
   * Checks whether a caller may make all of these calls, and may use the KMS keys that encrypt their resources. A
   * refusal is logged.
   * @param callerId the logical id of a function, a role or a user
   * @param otherwise whether something else than the caller's own policies permits a call, such as a resource policy
   * @returns the first call that is denied; `undefined` if all are permitted
   */
  check(callerId: string, calls: readonly Call[], otherwise?: (call: Call) => boolean): Refusal | undefined;
  /** The AWS identity of a function, role or user by its logical id, and its unique id. */
  callerOf(callerId: string): { caller: Caller; userId: string };
}
