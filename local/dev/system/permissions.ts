import type { GatewayOptions } from "../../services/gateway/gateway.js";
import { connectionsCall, connectionsRefusal } from "../../services/gateway/management/permission.js";
import type { Permissions } from "../../core/authorization/permissions.js";
import { IamPermissions, type PermissionsSubject } from "../../services/iam/permissions.js";
import { RECORD_VARIABLE, PermissionRecorder } from "../../services/iam/permission-recorder.js";
import type { Credentials } from "../../core/credentials.js";
import type { SystemOptions } from "./options.js";

/** The check of permissions for a run, which is recorded where that is asked for. */
export const permissionsOf = (options: SystemOptions, subject: () => PermissionsSubject): Permissions => {
  const { log, permissionsLog = process.env[RECORD_VARIABLE] } = options;
  if (!permissionsLog) return new IamPermissions(subject, log);
  const recording = new PermissionRecorder(permissionsLog);
  recording.granted(subject().model);
  return new IamPermissions(subject, log, recording);
};

/** Lets the gateway ask what a caller of `@connections` may do; whoever signs there is a function of this run. */
export const authorizer =
  (credentials: Credentials, permissions: Permissions, apiId: () => string): NonNullable<GatewayOptions["authorize"]> =>
  ({ accessKeyId, method, path }) => {
    const functionId = credentials.identify(accessKeyId) ?? "";
    const refusal = permissions.check(functionId, [connectionsCall({ method, path }, apiId(), permissions.place)]);
    return refusal && connectionsRefusal(refusal.caller, refusal.call, permissions.place);
  };
