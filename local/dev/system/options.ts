import type { GatewayFaults, GatewayLimits } from "../../services/gateway/gateway.js";
import type { DynamoDbFaults } from "../../services/dynamodb/proxy/faults.js";
import type { LambdaFaults } from "../../services/lambda/runtime/runtime.js";
import type { InvocationReport } from "../../services/lambda/runtime/pool.js";
import type { Log } from "../../core/log.js";
import type { QueueFaults } from "../../services/sqs/queue/queue.js";
import type { QuotaProfile } from "./quotas.js";

/** Options of a system. */
export interface SystemOptions {
  /** The project's folder: holds `cdk.json`, and its packages are found from there. */
  project: string;
  /** The built package: holds `local/bootstrap.mjs`, `local/console` and `client`. */
  dist: string;
  /** A cloud assembly that is synthesized already. @default the app of `cdk.json` is synthesized */
  assembly?: string;
  /** The construct's path. Required if the app has several. */
  construct?: string;
  /** The port to listen at. Other parts use the ports after it, see `PORT_OFFSETS`. 0: any free ports. @default 0 */
  port?: number;
  /** The address to listen at; `0.0.0.0`: all of this machine. @default "127.0.0.1" */
  host?: string;
  /** `embedded`, `local` (Amazon's DynamoDB Local), or an endpoint's URL. @default "embedded" */
  dynamodb?: string;
  /** A guard module that stands in for the app's own. */
  guards?: string;
  /** A file of secrets for guards: a JSON object. */
  secrets?: string;
  /** Environment variables of functions, instead of the template's. */
  environment?: Record<string, string>;
  /**
   * A file to which grants, their uses and denied calls are appended; `false`: none.
   * @default the value of the environment variable PUSH_IT_IAM_LOG
   */
  permissionsLog?: string | false;
  /** Limits of the gateway that differ from AWS. */
  limits?: Partial<GatewayLimits>;
  /** Faults that a test strikes the gateway, the functions, the table and the queues with. */
  faults?: GatewayFaults & QueueFaults & DynamoDbFaults & LambdaFaults;
  /** A period for all schedules instead of their own, in milliseconds. */
  sweepEveryMs?: number;
  /**
   * A factor for the waits before retries of asynchronous invocations. 1 is as in AWS, which retries a failure after
   * one and then two minutes.
   * @default 1
   */
  asyncRetryScale?: number;
  /**
   * How much of each visibility timeout, delay and batching window of queues is waited: 1 is as in AWS. So little that
   * a visibility timeout is over before its worker is has messages delivered again and again.
   * @default 1
   */
  queueWaitScale?: number;
  /** Maximum environments of one function at a time. Further events wait. @default 50 */
  maxEnvironments?: number;
  /** Whether to count the usage that AWS would bill; see {@link System.meter}. @default false */
  meter?: boolean;
  /**
   * The quotas to enforce: requests and new connections per second, units of a partition, concurrency. `limits`
   * overrides the gateway's part.
   * @default no quotas
   */
  quotas?: QuotaProfile;
  /**
   * Whether functions log at debug level, as with the construct's `applicationLogLevel: DEBUG`. Then errors of guards
   * are logged with their message. @default the template's level
   */
  debugLogs?: boolean;
  /** Whether to reload guards and apps when their files change. @default false */
  watch?: boolean;
  /** Whether to synthesize an app that has not changed since a run with `watch`. @default false */
  fresh?: boolean;
  log: Log;
  /** Called after each invocation. */
  report?: (report: InvocationReport) => void;
  /** Called after a reload with the logical ids of the changed functions. */
  reloaded?: (functions: string[]) => void;
}
