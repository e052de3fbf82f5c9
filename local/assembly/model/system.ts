import type { ResourcePermission } from "../../core/authorization/resource-permission.js";
import type { EncryptedResource } from "./encryption.js";
import type { BackEndModel } from "./back-end.js";
import type { ApiModel } from "./api.js";
import type { FunctionModel, UnrunnableFunction } from "./functions.js";
import type { RoleModel, UserModel } from "./principals.js";
import type { MappingModel, QueueModel } from "./queues.js";
import type { RuleModel } from "./rules.js";
import type { ScheduleModel } from "./schedules.js";
import type { TableModel } from "./tables.js";
import type { FunctionUrlModel } from "./urls.js";
import type { ExternalVerdict, ResourceVerdict } from "./verdicts.js";

/** What the local runtime runs, read from a synthesized template: one WebSocket API and what hangs on it. */
export interface SystemModel {
  /** The construct's path in the app, such as `PushItStack/PushIt`; for messages. */
  path: string;
  api: ApiModel;
  /** The construct's own, then those that stand beside it in its stack (`outside`), which run when they are invoked. */
  functions: FunctionModel[];
  /** Functions of the stack that cannot be run here; whoever invokes one is told why. */
  unrunnable: UnrunnableFunction[];
  /** The roles of the construct's stack, with everything that any policy of the stack gives them. */
  roles: RoleModel[];
  tables: TableModel[];
  schedules: ScheduleModel[];
  /** The rules of the stack that wait for events. */
  rules: RuleModel[];
  /** Names of the stack's event buses; the default bus is always there besides. */
  buses: string[];
  /** The function URLs of the stack. */
  urls: FunctionUrlModel[];
  /** The SQS queues of the stack. */
  queues: QueueModel[];
  /** What reads these queues, and runs functions with what it reads. */
  mappings: MappingModel[];
  /** What the functions' resource policies permit. */
  permissions: ResourcePermission[];
  /** Tables, queues and secrets of the stack that are under a customer's key. */
  encrypted: EncryptedResource[];
  /** The users of the stack, with everything that any policy of the stack gives them. */
  users: UserModel[];
  /** What a back end publishes with that runs outside the stack; absent: the construct has no such function. */
  backEnd?: BackEndModel;
  /** The stack's outputs that have a value here. */
  outputs: Record<string, string>;
  /** Every resource of the construct, and what becomes of it here. */
  resources: ResourceVerdict[];
  /** What else the construct's stack holds, and what becomes of it: only functions are run, when they are invoked. */
  external: ExternalVerdict[];
  /** The app's own guard module, as the app names it; absent: it has none. */
  guards?: string;
  /** Warnings that the construct attached to itself during synthesis. */
  warnings: string[];
}
