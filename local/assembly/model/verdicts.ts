/** What the local runtime does with a resource. */
export interface ResourceVerdict {
  logicalId: string;
  type: string;
  verdict: "run" | "inert" | "refused";
  /** Why it is inert or refused. */
  reason?: string;
}

/** What becomes of a resource outside the construct: run when invoked, refused for a reason, or left alone. */
export interface ExternalVerdict {
  logicalId: string;
  type: string;
  verdict: "run" | "refused" | "left";
  /** Why it is refused. */
  reason?: string;
}
