import type { Place } from "../../core/place.js";
/** One Lambda function. */
export interface FunctionModel {
  logicalId: string;
  /** The function's name; made up where the template leaves it to AWS. */
  name: string;
  /** Whether it stands outside the construct: nothing runs it but who invokes it. @default false */
  external?: boolean;
  /** Absolute path of the folder with its code: the asset's, or the one that its inline code was written to. */
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
  /** How asynchronous invocations are retried, and who hears of them; absent: as Lambda does by itself. */
  async?: AsyncModel;
  /** How Lambda writes what the function logs. @default "Text" */
  logFormat?: "JSON" | "Text";
  /** Least level that is written, with `logFormat: "JSON"` only. @default "INFO" */
  logLevel?: string;
}

/** What an `AWS::Lambda::EventInvokeConfig` and a dead-letter queue say of asynchronous invocations. */
export interface AsyncModel {
  /** 0 to 2. @default 2 */
  retries?: number;
  /** How old an event may become, in seconds. @default 21600 */
  maxAgeSeconds?: number;
  /** ARN of who is told of events that succeeded. */
  onSuccess?: string;
  /** ARN of who is told of events that were given up. */
  onFailure?: string;
  /** ARN of the dead-letter queue or topic. */
  deadLetter?: string;
}

/** A function that cannot be run here. */
export interface UnrunnableFunction {
  logicalId: string;
  name: string;
  reason: string;
}

/** A function's ARN. */
export const functionArn = (model: FunctionModel, place: Place): string =>
  `arn:${place.partition}:lambda:${place.region}:${place.account}:function:${model.name}`;
