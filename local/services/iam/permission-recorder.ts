import { appendFileSync } from "node:fs";
import type { FunctionModel } from "../../assembly/model/functions.js";
import type { RoleModel } from "../../assembly/model/principals.js";
import type { PermissionObserver } from "./permissions.js";
import { type Grant, grantsOf } from "./policy.js";

/** The environment variable that names the file for {@link PermissionRecorder}. If it is unset, no file is written. */
export const RECORD_VARIABLE = "PUSH_IT_IAM_LOG";

/** One line of a recording. */
export type RecordLine =
  | { kind: "granted" | "used"; role: string; action: string; resource: string }
  | { kind: "denied"; function: string; action: string; resource: string };

/** Appends the roles' permissions and their uses to a file that several runs may share. Each line is written once. */
export class PermissionRecorder implements PermissionObserver {
  readonly #written = new Set<string>();

  constructor(private readonly file: string) {}

  /** Notes everything that the roles of the construct's own functions may do. */
  granted({ functions, roles }: { functions: FunctionModel[]; roles: RoleModel[] }): void {
    const assumed = new Set(functions.filter(({ external }) => !external).map(({ role }) => role));
    for (const role of roles) {
      if (!assumed.has(role.logicalId)) continue;
      for (const grant of grantsOf(role.statements)) this.#write({ kind: "granted", role: role.logicalId, ...grant });
    }
  }

  used(role: RoleModel, { action, resource }: Grant): void {
    this.#write({ kind: "used", role: role.logicalId, action, resource });
  }

  denied(functionId: string, { action, resource }: Grant): void {
    this.#write({ kind: "denied", function: functionId, action, resource });
  }

  /** In one write, so that lines of several processes do not get into each other. */
  #write(line: RecordLine): void {
    const text = `${JSON.stringify(line)}\n`;
    if (this.#written.has(text)) return;
    this.#written.add(text);
    appendFileSync(this.file, text);
  }
}
