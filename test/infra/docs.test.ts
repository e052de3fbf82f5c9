import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";

const root = join(__dirname, "../..");
const page = readFileSync(join(root, "docs/DEPLOY.md"), "utf8");

describe("docs/DEPLOY.md", () => {
  test("has the props as their doc comments say them now (otherwise: node scripts/props.mjs)", () => {
    const script = `
      import { readFileSync } from "node:fs";
      import { withTables } from "./scripts/props.mjs";
      process.stdout.write(withTables(readFileSync("docs/DEPLOY.md", "utf8")));`;
    const { stdout, stderr } = spawnSync(process.execPath, ["--input-type=module", "-e", script], { cwd: root, encoding: "utf8" });
    expect(stderr).toBe("");
    expect(stdout).toBe(page);
  });

  test("names the rules of cdk-nag that the construct answers", () => {
    for (const rule of ["APIG1", "APIG4", "DDB3", "IAM5"]) expect(page).toContain(`| ${rule} |`);
  });
});
