import { spawnSync } from "node:child_process";
import { join } from "node:path";

const ROOT = join(__dirname, "../../..");
const config = jest.requireActual<object>("../../../jest.config.js");

// zone.js changes this process for good, also for the test files that run in it later: so its tests have one of their own.
it("the client works in Angular's zone: all tests of zone.suite.ts pass", () => {
  const own = {
    ...config,
    rootDir: ROOT,
    testMatch: ["<rootDir>/test/client/frameworks/zone.suite.ts"],
    reporters: ["default"],
  };
  // The folder that they make and remove is the run's own.
  const alone = { ...own, globalSetup: undefined, globalTeardown: undefined };
  const args = [join(ROOT, "node_modules/jest/bin/jest.js"), "--runInBand", "--config", JSON.stringify(alone)];
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { cwd: ROOT, encoding: "utf8" });
  expect({ status, output: status === 0 ? "" : stdout + stderr }).toEqual({ status: 0, output: "" });
  expect(stderr).toMatch(/Tests:\s+[1-9]\d* passed/);
});
