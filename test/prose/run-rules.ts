import { spawnSync } from "node:child_process";
import { join } from "node:path";

const ROOT = join(__dirname, "../..");

export interface Problem {
  line: number;
  sentence: string;
  match?: string;
  hint: string;
}

/**
 * Runs an expression with the functions of the rules, in a process of its own: they are ES modules.
 * @param expression uses `rules`, `glossary`, `code` and `input`
 */
export const runRules = <T>(expression: string, input: unknown): T => {
  const script = `
    import { readFileSync } from "node:fs";
    import * as rules from "./scripts/prose/rules.mjs";
    import * as glossary from "./scripts/prose/glossary.mjs";
    import * as code from "./scripts/prose/check-code.mjs";
    const input = JSON.parse(readFileSync(0, "utf8"));
    process.stdout.write(JSON.stringify(${expression}));`;
  const run = spawnSync(process.execPath, ["--input-type=module", "-e", script], {
    cwd: ROOT,
    encoding: "utf8",
    input: JSON.stringify(input),
  });
  if (run.status !== 0) throw new Error(run.stderr);
  return JSON.parse(run.stdout) as T;
};
