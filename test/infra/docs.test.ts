import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";

const root = join(__dirname, "../..");
/** What stands in docs/PERFORMANCE.md between the markers of a benchmark. */
const measured = (name: string): string => {
  const performance = readFileSync(join(root, "docs/PERFORMANCE.md"), "utf8");
  return performance.slice(performance.indexOf(`<!-- ${name} -->`), performance.indexOf(`<!-- /${name} -->`));
};

const page = readFileSync(join(root, "docs/DEPLOY.md"), "utf8");

describe("docs/DEPLOY.md", () => {
  test("has the props as their doc comments say them now (otherwise: node scripts/props.mjs)", () => {
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

  test("names the rules of cdk-nag that the construct answers", () => {
    for (const rule of ["APIG1", "APIG4", "DDB3", "IAM4", "IAM5"]) expect(page).toContain(`| ${rule} |`);
  });
});

test("docs/PERFORMANCE.md has figures for every operation with every kind of guard (otherwise: npm run bench -- guards --write)", () => {
  for (const operation of ["connect", "subscribe", "publish → acknowledged", "publish → last"]) {
    const rows = measured("guards")
      .split("\n")
      .filter((line) => line.startsWith(`| ${operation}`));
    expect(rows).toHaveLength(3);
    for (const row of rows) expect(row).toMatch(/\d/);
  }
});
