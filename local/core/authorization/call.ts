/** One thing that somebody wants to do. */
export interface Call {
  /** Such as `dynamodb:GetItem`. */
  action: string;
  /** An ARN; `*` for actions that are about no resource. */
  resource: string;
  /** What else policies may call the resource. */
  alias?: string;
  /** What conditions may ask about this call besides its caller. */
  context?: CallContext;
}

/** What is known about a call besides its action and resource, by condition key in lower case. */
export type CallContext = Readonly<Record<string, string>>;
