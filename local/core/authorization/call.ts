/** One action that a caller requests. */
export interface Call {
  /** Such as `dynamodb:GetItem`. */
  action: string;
  /** An ARN; `*` for actions that are about no resource. */
  resource: string;
  /** Another ARN that policies may use for the resource. */
  alias?: string;
  /** Condition keys of this call, without those of its caller. */
  context?: CallContext;
}

/** Condition keys and their values, with the keys in lower case. */
export type CallContext = Readonly<Record<string, string>>;
