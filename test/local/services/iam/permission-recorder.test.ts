import { readFileSync } from "node:fs";
import { join } from "node:path";
import { PermissionRecorder } from "../../../../local/services/iam/permission-recorder.js";
import type { RoleModel } from "../../../../local/assembly/model/principals.js";
import { newFolder, removeFolders } from "../../assembly/support.js";
import { fn } from "../lambda/invoke/support.js";

afterEach(removeFolders);

const role = (logicalId: string): RoleModel => ({
  logicalId,
  name: logicalId,
  doubts: [],
  statements: [
    {
      effect: "Allow",
      actions: { not: false, patterns: ["a:b"], unknown: [] },
      resources: { not: false, patterns: ["*"], unknown: [] },
      conditions: [],
    },
  ],
});

test("granted permissions are recorded only for the construct's own functions", () => {
  const file = join(newFolder(), "permissions");
  const functions = [fn("Fn", { role: "Own" }), fn("Other", { role: "Others", external: true })];
  new PermissionRecorder(file).granted({ functions, roles: [role("Own"), role("Others")] });
  expect(readFileSync(file, "utf8")).toBe('{"kind":"granted","role":"Own","action":"a:b","resource":"*"}\n');
});
