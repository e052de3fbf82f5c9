import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { App } from "aws-cdk-lib";
import { addReleaseStacks } from "../../../scripts/release-stacks.js";
import { FLAGS } from "../../infra/synth.js";

/** The project's folder. */
export const ROOT = resolve(__dirname, "../../..");

/** The first release. Later versions are tested against it. */
export const FIRST = "0.2.0";

/** The stacks that a release keeps. */
export const STACKS = ["Plain", "Everything"] as const;

/** Inside the project, so that guard modules find its packages. */
const FOLDERS = join(ROOT, ".push-it");

/** A new folder, which the caller removes. */
export const newFolder = (): string => {
  mkdirSync(FOLDERS, { recursive: true });
  return mkdtempSync(join(FOLDERS, "update-"));
};

/** Unpacks a release that is kept: its cloud assembly is in `assembly`, its client in `client`. */
export const unpack = (folder: string, version = FIRST): string => {
  const script = `import { unpackRelease } from "${pathToFileURL(join(ROOT, "scripts/release.mjs")).href}"; unpackRelease(...process.argv.slice(1));`;
  execFileSync(process.execPath, ["--input-type=module", "-e", script, version, folder]);
  return join(folder, "assembly");
};

/** Synthesizes the app that releases keep, as the code is now. */
export const synthesizeNow = (outdir: string): string => {
  const paths = { "aws:cdk:enable-path-metadata": true, "aws:cdk:enable-asset-metadata": true };
  const context = { ...FLAGS, ...paths, "@aws-cdk/core:annotationsInValidationReport": false };
  const app = new App({ outdir, context, analyticsReporting: false });
  addReleaseStacks(app);
  app.synth();
  return outdir;
};

/** A CloudFormation template, as far as updates are concerned. */
export interface StackTemplate {
  Resources: Record<string, { Type: string; Properties?: Record<string, unknown>; DependsOn?: string | string[] }>;
  Outputs?: Record<string, { Value: unknown }>;
}

/** The template of a stack in a cloud assembly. */
export const templateOf = (assembly: string, stack: string): StackTemplate =>
  JSON.parse(readFileSync(join(assembly, `${stack}.template.json`), "utf8")) as StackTemplate;
