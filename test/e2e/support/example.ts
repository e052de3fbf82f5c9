import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";

const PAGE = readFileSync(join(__dirname, "../../../docs/SERVER.md"), "utf8");

/**
 * Runs the shell example of docs/SERVER.md that begins with a command, as it stands there.
 * @param environment all that it finds, besides PATH
 * @returns what it prints
 */
export const runExample = (command: string, environment: Record<string, string>): Promise<string> => {
  const [, script] = new RegExp("```sh\\n(" + command + "[^]*?)```").exec(PAGE) ?? [];
  if (script === undefined) throw new Error(`docs/SERVER.md has no example with ${command}`);
  return new Promise((resolve, reject) => {
    const env = { PATH: process.env["PATH"], ...environment };
    execFile("sh", ["-ec", script], { env, timeout: 25_000 }, (error, stdout) =>
      error ? reject(new Error(error.message)) : resolve(stdout),
    );
  });
};
