/** One statement of a function's resource policy: an `AWS::Lambda::Permission`. */
export interface ResourcePermission {
  functionId: string;
  /** Such as `lambda:InvokeFunction`. */
  action: string;
  /** A service, an account, an ARN, or `*`. */
  principal: string;
  /** ARN pattern of the resource that invokes the function. */
  sourceArn?: string;
  sourceAccount?: string;
  /** The auth type of the URL that must have been asked. */
  authType?: string;
  /** The statement applies only to requests through a URL, or depends on an unknown condition and never applies. */
  conditional?: "url" | "unknown";
}
