import type { Permissions } from "../../core/authorization/permissions.js";
import type { Log } from "../../core/log.js";
import { PermissionRecorder } from "./permission-recorder.js";
import { IamPermissions, type PermissionsSubject } from "./permissions.js";

/**
 * Creates the permission check of a run.
 * @param file the file that grants, their uses and denied calls are appended to; empty or `false`: none
 */
export const createPermissions = (
  subject: () => PermissionsSubject,
  log: Log,
  file: string | false | undefined,
): Permissions => {
  if (!file) return new IamPermissions(subject, log);
  const recorder = new PermissionRecorder(file);
  recorder.granted(subject().model);
  return new IamPermissions(subject, log, recorder);
};
