import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { folderWith } from "./support.js";

const ROOT = join(__dirname, "../..");
const { version } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")) as { version: string };

const { folder, remove } = folderWith();
afterAll(remove);

/** Runs the built command to its end, without a terminal. */
const create = (...args: string[]) => {
  const env = { ...process.env, npm_config_user_agent: "npm/11.0.0 node/v20.12.0" };
  const command = [join(ROOT, "create/dist/cli.js"), ...args];
  const { status, stdout, stderr } = spawnSync(process.execPath, command, { cwd: folder, env, encoding: "utf8" });
  return { status, stdout, stderr };
};

/** The examples that are packages of their own. */
const TEMPLATES = readdirSync(join(ROOT, "examples")).filter((name) =>
  existsSync(join(ROOT, "examples", name, "package.json")),
);

describe("create-push-it-app", () => {
  it("lists each example with a package of its own", () => {
    const { status, stdout } = create("--help");
    expect(status).toBe(0);
    for (const name of TEMPLATES) expect(stdout).toMatch(new RegExp(`^  ${name} +\\w+`, "m"));
  });

  it("has the version of all packages", () => {
    expect(create("--version").stdout).toBe(`${version}\n`);
  });

  it.each(TEMPLATES)("makes a project of %s, and prints the next two commands", (template) => {
    const name = `my-${template}`;
    expect(create(name, "--template", template)).toEqual({
      status: 0,
      stdout: `Created ${name} from the template ${template}. Next:\n\n  cd ${name} && npm install\n  npm start\n`,
      stderr: "",
    });
    const files = readdirSync(join(folder, name), { recursive: true, encoding: "utf8" });
    expect(files).toEqual(expect.arrayContaining([".gitignore", "package.json"]));
    expect(files.filter((file) => /node_modules|dist|gitignore$|\.png$/.test(file))).toEqual([".gitignore"]);
    const manifest = JSON.parse(readFileSync(join(folder, name, "package.json"), "utf8")) as {
      name: string;
      dependencies: Record<string, string>;
      scripts: Record<string, string>;
    };
    expect([manifest.name, manifest.dependencies["push-it-client"]]).toEqual([name, `^${version}`]);
    expect(manifest.scripts["start"]).toMatch(/^push-it-cli dev /);
    for (const page of files.filter((file) => file.endsWith(".md")))
      expect(readFileSync(join(folder, name, page), "utf8")).not.toMatch(/\]\(\.\.\/|\.png\)/);
  });

  it("says which arguments it needs, without a terminal", () => {
    const { status, stderr } = create();
    expect(status).toBe(1);
    expect(stderr).toMatch(/^✗ Missing: FOLDER and --template\..*\n→ Run: npm create push-it-app@latest my-app -- /);
  });

  it.each([
    [["x", "--template", "none"], 'There is no template "none".'],
    [["x", "y"], "There is one folder too many: y."],
    [["--colour"], "Unknown option '--colour'."],
    [["My App"], "cannot be the name of a package."],
  ])("refuses %j, and writes nothing", (args, message) => {
    const before = readdirSync(folder);
    const { status, stdout, stderr } = create(...args);
    expect([status, stdout]).toEqual([1, ""]);
    expect(stderr).toContain(message);
    expect(stderr).toMatch(/\n→ .+\.\n$/);
    expect(readdirSync(folder)).toEqual(before);
  });
});

describe("a page of a template", () => {
  it("has no pictures, and no links to pages of this repository", () => {
    const page =
      "# Chat\n\n![A chat](chat.png)\n\nRead [React](../../docs/REACT.md#hooks), or [Vite](https://vite.dev).\n";
    const script = `
      import { standingAlone } from "./scripts/templates.mjs";
      process.stdout.write(standingAlone(${JSON.stringify(page)}));
    `;
    const args = ["--input-type=module", "--eval", script];
    const { stdout } = spawnSync(process.execPath, args, { cwd: ROOT, encoding: "utf8" });
    expect(stdout).toBe("# Chat\n\nRead React, or [Vite](https://vite.dev).\n");
  });
});
