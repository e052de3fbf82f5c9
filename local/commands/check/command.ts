import { styleFor } from "../../core/terminal-style.js";
import { messageOf } from "../../core/user-error.js";
import { redactor } from "../remote/credentials.js";
import { accountLines } from "./account/report.js";
import { type CheckArguments, CHECK_HELP, parseCheckArguments } from "./arguments.js";
import { publisherOf } from "./server/aws.js";
import { ALL_CHECKS, AWS_CHECKS } from "./registry.js";
import { jsonOf, lineOf, summaryOf } from "./report.js";
import { EXIT, type RunResult, runChecks } from "./runner.js";
import type { CheckSettings } from "./settings.js";

/**
 * Runs `push-it-cli check`.
 * @returns the exit status
 * @throws UserError for wrong use
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
  const print = (text: string): void => void process.stdout.write(clean(text));
  const checks = ALL_CHECKS.filter(({ name }) => only.includes(name));
  if (!json) print(`${settings.url}\n\n`);
  const result = await runChecks(checks, settings, (each) => (json ? undefined : print(lineOf(each))));
  await tidy(settings, result);
  print(
    json
      ? `${JSON.stringify(jsonOf(settings.url, startedAt, result, settings.users))}\n`
      : accountOf(settings, result) + summaryOf(result) + notAsked(settings),
  );
  return EXIT[result.outcome];
};

/** Deletes the messages on channels with history, if a publisher can. Otherwise they expire. */
const tidy = async (settings: CheckSettings, { kept }: RunResult): Promise<void> => {
  if (settings.publisher === undefined || kept.length === 0) return;
  try {
    const publisher = await publisherOf(settings);
    for (const channel of kept) await publisher.deleteHistory(channel);
  } catch (error) {
    process.stderr.write(
      `The histories of ${kept.join(", ")} could not be deleted, and expire by themselves: ${messageOf(error)}\n`,
    );
  }
};

const accountOf = ({ users }: CheckSettings, { account }: RunResult): string =>
  account ? accountLines(account, users, styleFor(process.stdout)) : "";

/** Names the checks that were not requested: they are neither passed nor "not tried". */
const notAsked = (settings: CheckSettings): string => {
  const names = AWS_CHECKS.flatMap(({ option, check }) =>
    settings[option] === undefined ? [`${check.name} (--${option})`] : [],
  );
  return names.length === 0 ? "" : styleFor(process.stdout).dim(`Not part of this run: ${names.join(", ")}\n`);
};
