import { join, relative, resolve } from "node:path";
import { parseArgs } from "node:util";
import { createProject } from "./project.js";
import { choose } from "./questions.js";
import { type Template, templatesIn } from "./templates.js";
import { UserError } from "./user-error.js";
import { version } from "./package.json";

const helpOf = (templates: Template[]): string => `create-push-it-app ${version}: makes an application with Push-It

  npm create push-it-app@latest [FOLDER] [-- --template NAME]

  FOLDER  a new or empty folder; its name becomes the package's name

Options
  --template NAME  one of the templates below
  --version
  --help

Templates
${templates.map(({ name, description }) => `  ${name.padEnd(12)} ${description}`).join("\n")}

In a terminal, it asks for what is missing. It installs nothing.
`;

const OPTIONS = {
  template: { type: "string", short: "t" },
  version: { type: "boolean", short: "v" },
  help: { type: "boolean", short: "h" },
} as const;

const parse = (args: string[]) => {
  try {
    return parseArgs({ args, options: OPTIONS, allowPositionals: true });
  } catch (error) {
    throw new UserError(`${(error as Error).message.split(". ")[0]}.`, HELP_STEP);
  }
};

const HELP_STEP = "create-push-it-app --help lists the arguments.";

/** The program that the user installs packages with. */
const packageManager = (): string =>
  /^(pnpm|yarn|bun)\//.exec(process.env["npm_config_user_agent"] ?? "")?.[1] ?? "npm";

const main = async (args: string[]): Promise<void> => {
  const { values, positionals } = parse(args);
  const templates = templatesIn(join(__dirname, "templates"));
  if (values.version) return void process.stdout.write(`${version}\n`);
  if (values.help) return void process.stdout.write(helpOf(templates));
  const [given, ...more] = positionals;
  if (more.length > 0) throw new UserError(`There is one folder too many: ${more.join(" ")}.`, HELP_STEP);
  const terminal = { input: process.stdin, output: process.stdout };
  const { folder, template } = await choose({ folder: given, template: values.template }, templates, terminal);
  createProject(resolve(folder), template, version);
  const path = relative("", resolve(folder));
  const enter = path === "" ? "" : `cd ${/^[\w./-]+$/.test(path) ? path : JSON.stringify(path)} && `;
  const manager = packageManager();
  process.stdout.write(
    `Created ${path || "the project"} from the template ${template.name}. Next:\n\n  ${enter}${manager} install\n  ${manager} start\n`,
  );
};

main(process.argv.slice(2)).catch((error: unknown) => {
  const isMistake = error instanceof UserError;
  process.stderr.write(isMistake ? `✗ ${error.message}\n→ ${error.next}\n` : `✗ ${(error as Error).stack}\n`);
  process.exit(1);
});
