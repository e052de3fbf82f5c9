import type { SystemModel } from "../../assembly/model/system.js";
import type { CallerCredentials, Credentials } from "../../core/credentials.js";
import type { InvokeResult } from "../../core/invoker.js";
import type { Place } from "../../core/place.js";
import type { Meter } from "../../meter/meter.js";
import type { DynamoDb } from "../../services/dynamodb/engines/engine.js";

/** A running system. */
export interface System {
  /** The current model. A reload replaces it. */
  readonly model: SystemModel;
  /** The DynamoDB engine. */
  readonly dynamodb: DynamoDb;
  /** The Region, account and partition of the stack. */
  readonly place: Place;
  /** Such as `ws://127.0.0.1:8787/live`. */
  readonly websocketUrl: string;
  /** The URL of `@connections`. */
  readonly managementUrl: string;
  /** The console page. */
  readonly consoleUrl: string;
  /** Each function's credentials; requests to `@connections` are verified by them. */
  readonly credentials: Credentials;
  /** The `AWS_ENDPOINT_URL_…` variables of functions, for any caller with credentials of the stack. */
  readonly endpoints: Record<string, string>;
  /** Lambda's endpoint for callers outside functions: `AWS_ENDPOINT_URL_LAMBDA`. */
  readonly lambdaUrl: string;
  /** The function URLs, by logical id. */
  readonly functionUrls: Record<string, string>;
  /** The port of each part but function URLs. */
  readonly ports: Record<string, number>;
  /** The usage that AWS would bill. Absent unless requested: see {@link SystemOptions.meter}. */
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
   * @param event all fields from `version` to `detail`
   * @returns logical ids of the matching rules
   * @throws UserError if the event is incomplete
   */
  emit(event: unknown): string[];
  /**
   * Credentials of a role or user of the stack, for an application server. They are valid at every local service, with
   * the policies of that role or user.
   * @param logicalId the role's or the user's logical id
   * @throws UserError if there is none
   */
  credentialsOf(logicalId: string): CallerCredentials;
  /** The guard module's absolute path; `undefined` if there is none, or if its source is not available. */
  readonly guardModule: string | undefined;
  /** Runs everything that is scheduled, once, now. */
  runSchedules(): Promise<InvokeResult[]>;
  /** Reloads the app and the guards. If they cannot run, it rejects and changes nothing. */
  reload(): Promise<void>;
  /** Ends everything, and leaves no process and no file. */
  close(): Promise<void>;
}
