import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Makes a folder that all suites of this run share, and puts it into the environment. remove-folder.ts removes it. */
export default (): void => {
  process.env["PUSH_IT_RUN_FOLDER"] = mkdtempSync(join(tmpdir(), "push-it-run-"));
};
