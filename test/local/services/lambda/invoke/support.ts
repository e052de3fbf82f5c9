import { IamPermissions } from "../../../../../local/services/iam/permissions.js";
import type { FunctionModel } from "../../../../../local/assembly/model/functions.js";
import type { LogEntry } from "../../../../../local/core/log.js";
import type { RoleModel } from "../../../../../local/assembly/model/principals.js";

export const PLACE = { partition: "aws", region: "eu-west-1", account: "123456789012" };

/** The ARN of a function with this name. */
export const arnOf = (name: string): string => `arn:aws:lambda:eu-west-1:123456789012:function:${name}`;

/** A function of the model, whose name is `App-` and its logical id, and whose role `Role`. */
export const fn = (logicalId: string, more: Partial<FunctionModel> = {}): FunctionModel => ({
  logicalId,
  name: `App-${logicalId}`,
  role: "Role",
  code: "/",
  handler: "index.handler",
  runtime: "nodejs24.x",
  timeoutSeconds: 3,
  memoryMb: 128,
  environment: {},
  ...more,
});

/** IamPermissions under which the role may invoke what these patterns name. */
export const permissionsFor = (functions: FunctionModel[], patterns: string[], log: LogEntry[]): IamPermissions => {
  const role: RoleModel = {
    logicalId: "Role",
    name: "App-Role",
    doubts: [],
    statements: [
      {
        effect: "Allow",
        actions: { not: false, patterns: ["lambda:InvokeFunction"], unknown: [] },
        resources: { not: false, patterns, unknown: [] },
        conditions: [],
      },
    ],
  };
  return new IamPermissions(
    () => ({ place: PLACE, model: { functions, roles: [role] } }),
    (entry) => log.push(entry),
  );
};
