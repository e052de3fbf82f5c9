/** One statement of a function's resource policy: an `AWS::Lambda::Permission`. */
export interface ResourcePermission {
  functionId: string;
  /** Such as `lambda:InvokeFunction`. */
  action: string;
  /** A service, an account, an ARN, or `*`. */
  principal: string;
  /** What must ask; with wildcards. */
  sourceArn?: string;
  sourceAccount?: string;
  /** The auth type of the URL that must have been asked. */
  authType?: string;
  /** It holds for requests through a URL only, or on a condition that is never met here. */
  conditional?: "url" | "unknown";
}
