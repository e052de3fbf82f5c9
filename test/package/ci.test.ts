import { readFileSync } from "node:fs";
import { join } from "node:path";
import { RUNTIME } from "../../infra/functions/make-functions.js";
import { ROOT } from "./processes.js";

test("the Node that .ci/run tests as deployed is the one that is deployed", () => {
  const script = readFileSync(join(ROOT, ".ci/run"), "utf8");
  const [, major] = /^DEPLOYED_NODE=(\d+)\.\d+\.\d+$/m.exec(script)!;
  expect(RUNTIME.name).toBe(`nodejs${major}.x`);
});
