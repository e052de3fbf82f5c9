import { accessSync, constants, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { ROOT } from "./processes.js";

const textOf = (path: string): string => readFileSync(join(ROOT, path), "utf8");

interface Step {
  run?: string;
  uses?: string;
  with?: Record<string, unknown>;
}

interface Workflow {
  name: string;
  on: object;
  jobs: Record<string, { "runs-on": string; steps: Step[] }>;
}

const workflow = (file: string): Workflow => parse(textOf(`.github/workflows/${file}`)) as Workflow;

describe("the workflows", () => {
  it.each(readdirSync(join(ROOT, ".github/workflows")))("%s names its triggers and the machine of each job", (file) => {
    const { name, on, jobs } = workflow(file);
    expect([typeof name, typeof on]).toEqual(["string", "object"]);
    for (const job of Object.values(jobs)) {
      expect(job["runs-on"]).toBe("ubuntu-latest");
      for (const step of job.steps) expect(Boolean(step.run) !== Boolean(step.uses)).toBe(true);
    }
  });

  it("run .ci/run, which is executable", () => {
    expect(workflow("ci.yml").jobs.everything!.steps.at(-1)).toEqual({ run: ".ci/run" });
    expect(() => accessSync(join(ROOT, ".ci/run"), constants.X_OK)).not.toThrow();
  });
});

describe("Node and Java", () => {
  const node = textOf(".nvmrc").trim();

  it("have the same version in CI, in .nvmrc and in the devcontainer", () => {
    const { steps } = workflow("ci.yml").jobs.everything!;
    const inputs = (action: string) => steps.find(({ uses }) => uses?.startsWith(action))!.with!;
    const { features } = JSON.parse(textOf(".devcontainer/devcontainer.json")) as {
      features: Record<string, { version: string }>;
    };
    const java = String(inputs("actions/setup-java")["java-version"]);
    expect(inputs("actions/setup-node")["node-version-file"]).toBe(".nvmrc");
    expect(Object.values(features).map(({ version }) => version)).toEqual([node, java]);
    expect(textOf(".ci/run")).toContain(`with Node ${node} and Java ${java}.`);
  });

  it("satisfy the packages", () => {
    const { engines } = JSON.parse(textOf("package.json")) as { engines: { node: string } };
    expect(engines.node).toMatch(new RegExp(`^>=${node}\\.`));
  });
});

describe("the issue templates", () => {
  it.each(readdirSync(join(ROOT, ".github/ISSUE_TEMPLATE")))("%s is a form with labelled fields", (file) => {
    const { name, description, body } = parse(textOf(`.github/ISSUE_TEMPLATE/${file}`)) as {
      name: string;
      description: string;
      body: { type: string; id?: string; attributes: { label?: string; value?: string } }[];
    };
    expect([typeof name, typeof description]).toEqual(["string", "string"]);
    const fields = body.filter(({ type }) => type !== "markdown");
    for (const { id, attributes } of fields) expect([typeof id, typeof attributes.label]).toEqual(["string", "string"]);
    expect(new Set(fields.map(({ id }) => id)).size).toBe(fields.length);
  });
});
