import { createInterface } from "node:readline/promises";
import type { Readable, Writable } from "node:stream";
import { resolve } from "node:path";
import { checkFolder } from "./project.js";
import { type Template, templateNamed } from "./templates.js";
import { UserError } from "./user-error.js";

/** The folder of a project, and its template. */
export interface Choice {
  folder: string;
  template: Template;
}

/** The parts of a choice that the command line has. */
export interface Given {
  folder: string | undefined;
  template: string | undefined;
}

/** A terminal, or another pair of streams. */
export interface Terminal {
  input: Readable & { isTTY?: boolean };
  output: Writable;
}

/** The folder that is suggested. */
const SUGGESTED = "my-app";

/**
 * The choice of the user: from the command line, and then from answers.
 * @throws UserError if the choice is not possible, or if it is incomplete and the input is not a terminal
 */
export const choose = async (given: Given, templates: Template[], terminal: Terminal): Promise<Choice> => {
  // Before the first question: an answer would be in vain.
  if (given.folder !== undefined) checkFolder(resolve(given.folder));
  if (given.template !== undefined) templateNamed(given.template, templates);
  const { folder = "", template = "" } = isComplete(given) ? given : await ask(given, templates, terminal);
  checkFolder(resolve(folder));
  return { folder, template: templateNamed(template, templates) };
};

const isComplete = ({ folder, template }: Given): boolean => folder !== undefined && template !== undefined;

const ask = async (given: Given, templates: Template[], { input, output }: Terminal): Promise<Given> => {
  const suggested = templates[0]!.name;
  if (!input.isTTY) {
    const missing = [
      given.folder === undefined ? "FOLDER" : [],
      given.template === undefined ? "--template" : [],
    ].flat();
    const example = `npm create push-it-app@latest ${given.folder ?? SUGGESTED} -- --template ${given.template ?? suggested}`;
    throw new UserError(`Missing: ${missing.join(" and ")}. The input is not a terminal to ask in.`, `Run: ${example}`);
  }
  const lines = createInterface({ input, output });
  const closed = new Promise<never>((_resolve, reject) =>
    lines.once("close", () => reject(new UserError("Nothing was created.", "Run the command again, and answer."))),
  );
  const answer = async (question: string, otherwise: string): Promise<string> =>
    (await Promise.race([lines.question(`${question} (${otherwise}) `), closed])).trim() || otherwise;
  try {
    const folder = given.folder ?? (await answer("Folder of the new project:", SUGGESTED));
    checkFolder(resolve(folder));
    if (given.template !== undefined) return { folder, template: given.template };
    for (const { name, description } of templates) output.write(`  ${name.padEnd(12)} ${description}\n`);
    return { folder, template: await answer("Template:", suggested) };
  } finally {
    closed.catch(() => undefined);
    lines.close();
  }
};
