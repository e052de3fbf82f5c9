import { redactor } from "../remote/credentials.js";
import { type CheckArguments, CHECK_HELP, parseCheckArguments } from "./arguments.js";
import { CHECKS } from "./registry.js";
import { jsonOf, lineOf, summaryOf } from "./report.js";
import { EXIT, runChecks } from "./runner.js";

/**
 * Runs `push-it-cli check`.
 * @returns the exit status
 * @throws Failure for wrong use
 */
export const run = async (args: string[]): Promise<number> => {
  // Others read a command line from the process list: credentials do not stay there.
  process.title = "push-it-cli check";
  const asked = parseCheckArguments(args);
  if (asked) return await checkAll(asked);
  process.stdout.write(CHECK_HELP);
  return 0;
};

const checkAll = async ({ settings, only, json }: CheckArguments): Promise<number> => {
  const startedAt = new Date();
  const clean = redactor(settings.credentials);
  const say = (text: string): void => void process.stdout.write(clean(text));
  const checks = CHECKS.filter(({ name }) => only.includes(name));
  if (!json) say(`${settings.url}\n\n`);
  const result = await runChecks(checks, settings, (each) => (json ? undefined : say(lineOf(each))));
  say(json ? `${JSON.stringify(jsonOf(settings.url, startedAt, result))}\n` : summaryOf(result));
  return EXIT[result.outcome];
};
