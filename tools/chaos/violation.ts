/** The kinds of violations. */
export type ViolationKind =
  "lost" | "duplicated" | "reordered" | "wrongPosition" | "leaked" | "staleRows" | "wrongState";

/** A broken promise. */
export interface Violation {
  wrong: ViolationKind;
  what: string;
  /** The affected message. */
  uuid?: string;
  /** The affected application and channel. */
  who?: string;
  channel?: string;
}
