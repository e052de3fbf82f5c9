import type { ResourcePermission } from "../../core/authorization/resource-permission.js";
import type { EncryptedResource } from "./encryption.js";
import type { PublisherModel } from "./publisher.js";
import type { ApiModel } from "./api.js";
import type { FunctionModel, UnrunnableFunction } from "./functions.js";
import type { RoleModel, UserModel } from "./principals.js";
import type { MappingModel, QueueModel } from "./queues.js";
import type { RuleModel } from "./rules.js";
import type { ScheduleModel } from "./schedules.js";
import type { TableModel } from "./tables.js";
import type { FunctionUrlModel } from "./urls.js";
import type { ExternalVerdict, ResourceVerdict } from "./verdicts.js";

/**
 * The system that the local runtime runs, read from a synthesized template: one WebSocket API and the resources around
 * it.
 */
export interface SystemModel {
  /** The construct's path in the app, such as `PushItStack/PushIt`; for messages. */
  path: string;
  api: ApiModel;
  /** The construct's functions, then the external ones of its stack, which run only when they are invoked. */
  functions: FunctionModel[];
  /** Functions of the stack that cannot run locally. Callers receive the reason. */
  unrunnable: UnrunnableFunction[];
  /** The roles of the construct's stack, with everything that any policy of the stack gives them. */
  roles: RoleModel[];
  tables: TableModel[];
  schedules: ScheduleModel[];
  /** The rules of the stack that wait for events. */
  rules: RuleModel[];
  /** Names of the stack's event buses, without the default bus. */
  buses: string[];
  /** The function URLs of the stack. */
  urls: FunctionUrlModel[];
  /** The SQS queues of the stack. */
  queues: QueueModel[];
  /** The event source mappings of these queues. */
  mappings: MappingModel[];
  /** The functions' resource policies. */
  permissions: ResourcePermission[];
  /** Tables, queues and secrets of the stack that are under a customer's key. */
  encrypted: EncryptedResource[];
  /** The users of the stack, with everything that any policy of the stack gives them. */
  users: UserModel[];
  /** How an application server outside the stack publishes. Absent if the construct has no publisher function. */
  publisher?: PublisherModel;
  /** The stack's outputs that have a value locally. */
  outputs: Record<string, string>;
  /** Every resource of the construct, and what the local runtime does with it. */
  resources: ResourceVerdict[];
  /**
   * The other resources of the construct's stack, and what the local runtime does with them. Only functions run, when
   * they are invoked.
   */
  external: ExternalVerdict[];
  /** The app's own guard module, as the app names it; absent: it has none. */
  guards?: string;
  /** Warnings that the construct attached to itself during synthesis. */
  warnings: string[];
}
