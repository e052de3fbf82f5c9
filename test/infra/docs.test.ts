import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";

const root = join(__dirname, "../..");
/** The text of docs/PERFORMANCE.md between the markers of a benchmark. */
const measured = (name: string): string => {
  const performance = readFileSync(join(root, "docs/PERFORMANCE.md"), "utf8");
  return performance.slice(performance.indexOf(`<!-- ${name} -->`), performance.indexOf(`<!-- /${name} -->`));
};

const page = readFileSync(join(root, "docs/DEPLOY.md"), "utf8");

describe("docs/DEPLOY.md", () => {
  // Otherwise run: node scripts/props.mjs
  test("has the props with their present doc comments", () => {
    const script = `
      import { readFileSync } from "node:fs";
      import { withTables } from "./scripts/props.mjs";
      process.stdout.write(withTables(readFileSync("docs/DEPLOY.md", "utf8")));`;
    const { stdout, stderr } = spawnSync(process.execPath, ["--input-type=module", "-e", script], {
      cwd: root,
      encoding: "utf8",
    });
    expect(stderr).toBe("");
    expect(stdout).toBe(page);
  });

  test("lists the cdk-nag rules that the construct suppresses", () => {
    for (const rule of ["APIG1", "APIG4", "DDB3", "IAM4", "IAM5"]) expect(page).toContain(`| ${rule} |`);
  });
});

// Otherwise run: npm run bench -- guards --write
test("docs/PERFORMANCE.md has figures for each operation and kind of guard", () => {
  for (const operation of ["connect", "subscribe", "publish → acknowledged", "publish → last"]) {
    const rows = measured("guards")
      .split("\n")
      .filter((line) => line.startsWith(`| ${operation}`));
    expect(rows).toHaveLength(3);
    for (const row of rows) expect(row).toMatch(/\d/);
  }
});
