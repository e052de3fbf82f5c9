import { readFileSync } from "node:fs";
import { join } from "node:path";
import { RUNTIME } from "../../infra/functions/make-functions.js";
import { ROOT } from "./processes.js";

test(".ci/run tests the Node version of the deployed functions", () => {
  const script = readFileSync(join(ROOT, ".ci/run"), "utf8");
  const [, major] = /^DEPLOYED_NODE=(\d+)\.\d+\.\d+$/m.exec(script)!;
  expect(RUNTIME.name).toBe(`nodejs${major}.x`);
});
