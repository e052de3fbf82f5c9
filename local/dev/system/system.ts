import type { SystemModel } from "../../assembly/model/system.js";
import { type CallerCredentials, Credentials } from "../../core/credentials.js";
import type { InvokeResult } from "../../core/invoker.js";
import type { Place } from "../../core/place.js";
import { Meter } from "../../meter/meter.js";
import type { DynamoDb } from "../../services/dynamodb/engines/engine.js";
import type { SystemOptions } from "./options.js";

/** A running system. */
export interface System {
  /** What is run; another one after a reload. */
  readonly model: SystemModel;
  /** The DynamoDB engine. */
  readonly dynamodb: DynamoDb;
  /** Where the stack says it is. */
  readonly place: Place;
  /** Such as `ws://127.0.0.1:8787/live`. */
  readonly websocketUrl: string;
  /** Where `@connections` is served. */
  readonly managementUrl: string;
  /** The console page. */
  readonly consoleUrl: string;
  /** Each function's credentials; requests to `@connections` are verified by them. */
  readonly credentials: Credentials;
  /** The `AWS_ENDPOINT_URL_…` variables that functions have, and whoever acts as a role of the stack needs. */
  readonly endpoints: Record<string, string>;
  /** Where Lambda's Invoke is served, for callers that are no functions: `AWS_ENDPOINT_URL_LAMBDA`. */
  readonly lambdaUrl: string;
  /** Where function URLs are served, by logical id. */
  readonly functionUrls: Record<string, string>;
  /** The port of each part but function URLs. */
  readonly ports: Record<string, number>;
  /** What AWS would bill; absent, unless it was asked for: see {@link SystemOptions.meter}. */
  readonly meter: Meter | undefined;
  /** Ids of the functions' processes. */
  readonly pids: number[];
  /** Ids of the open connections. */
  readonly connections: string[];
  /**
   * Cuts a connection as a broken network does, for tests.
   * @returns whether it was open
   */
  cut(connectionId: string): boolean;
  /** Runs a function by its logical id. */
  invoke(functionId: string, event: unknown): Promise<InvokeResult>;
  /**
   * Kills the environments of a function that run an event, for tests: AWS may do so at any time.
   * @returns how many there were
   */
  kill(functionId: string): number;
  /**
   * Puts an event on the default bus as an AWS service does, such as S3's "Object Created".
   * @param event complete, from `version` to `detail`
   * @returns logical ids of the rules that match it
   * @throws UserError when it is no complete event
   */
  emit(event: unknown): string[];
  /**
   * Credentials of a role or user of the stack, for a back end that is no function: valid at every local service, and
   * judged by the policies of that role or user.
   * @param logicalId the role's or the user's
   * @throws UserError when there is none
   */
  credentialsOf(logicalId: string): CallerCredentials;
  /** The guard module's absolute path; `undefined`: there is none, or its source is not here. */
  readonly guardModule: string | undefined;
  /** Runs everything that is scheduled, once, now. */
  runSchedules(): Promise<InvokeResult[]>;
  /** Goes on with the app and the guards as they are now; rejects, and changes nothing, when they cannot be run. */
  reload(): Promise<void>;
  /** Ends everything, and leaves no process and no file. */
  close(): Promise<void>;
}
