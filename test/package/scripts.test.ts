import { spawnSync } from "node:child_process";
import { ROOT, temporaryFolder } from "./processes.js";

describe("npm run test:dynamodb-local", () => {
  test("says what it needs where there is no Java, and fails", () => {
    const { folder, remove } = temporaryFolder();
    const env = { ...process.env, PATH: folder };
    const { status, stderr } = spawnSync(process.execPath, ["scripts/test-dynamodb-local.mjs"], { cwd: ROOT, encoding: "utf8", env });
    remove();
    expect(status).toBe(1);
    expect(stderr).toBe(
      "DynamoDB Local needs Java 17 or newer, and no java was found. Install a JRE, or run `npm test`.\n",
    );
  });
});
