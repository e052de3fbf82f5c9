import type { Place } from "../../core/place.js";
/** One Lambda function. */
export interface FunctionModel {
  logicalId: string;
  /** The function's name. If the template has none, a fake one. */
  name: string;
  /**
   * Whether the function is outside the construct: then it runs only if another function or service invokes it.
   * @default false
   */
  external?: boolean;
  /** Absolute path of the folder with its code: the asset's folder, or a folder that its inline code was written to. */
  code: string;
  /** Such as `index.handler`. */
  handler: string;
  /** Such as `nodejs24.x` or `python3.14`. */
  runtime: string;
  timeoutSeconds: number;
  memoryMb: number;
  /** The template's environment, resolved. */
  environment: Record<string, string>;
  /** Logical id of its role; absent: the role is not in the template. */
  role?: string;
  /** Absent: unreserved. */
  reservedConcurrency?: number;
  /** Retries and destinations of asynchronous invocations. @default Lambda's defaults */
  async?: AsyncModel;
  /** The format of the function's logs. @default "Text" */
  logFormat?: "JSON" | "Text";
  /** Least level that is written, with `logFormat: "JSON"` only. @default "INFO" */
  logLevel?: string;
}

/** Settings of asynchronous invocations, from an `AWS::Lambda::EventInvokeConfig` and a dead-letter queue. */
export interface AsyncModel {
  /** 0 to 2. @default 2 */
  retries?: number;
  /** How old an event may become, in seconds. @default 21600 */
  maxAgeSeconds?: number;
  /** ARN of the destination for events that succeeded. */
  onSuccess?: string;
  /** ARN of the destination for events that were discarded. */
  onFailure?: string;
  /** ARN of the dead-letter queue or topic. */
  deadLetter?: string;
}

/** A function that cannot run locally. */
export interface UnrunnableFunction {
  logicalId: string;
  name: string;
  reason: string;
}

/** A function's ARN. */
export const functionArn = (model: FunctionModel, place: Place): string =>
  `arn:${place.partition}:lambda:${place.region}:${place.account}:function:${model.name}`;
