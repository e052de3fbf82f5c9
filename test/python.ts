import { spawnSync } from "node:child_process";

/** Whether functions in Python can be run here. */
const without = spawnSync("python3", ["--version"]).status !== 0;

const mandatory = Boolean(process.env["CI"] ?? process.env["PUSH_IT_REQUIRE_ALL"]);

/** A test that needs Python. Without Python it is skipped, and reported as skipped. .ci/run has Python. */
export const pythonTest = without && !mandatory ? test.skip : test;
