/** The verdict of the local runtime on a resource of the construct. */
export interface ResourceVerdict {
  logicalId: string;
  type: string;
  verdict: "run" | "inert" | "refused";
  /** Why it is inert or refused. */
  reason?: string;
}

/**
 * The verdict on an external resource: it runs when invoked, is refused for a reason, or is left
 * alone.
 */
export interface ExternalVerdict {
  logicalId: string;
  type: string;
  verdict: "run" | "refused" | "left";
  /** Why it is refused. */
  reason?: string;
}
