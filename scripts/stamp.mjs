// Records the inputs of each build, so that nothing is built twice: npm itself asks for it twice in one `npm ci`.
import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { filesBelow, write } from "./output.mjs";
import { templateSources } from "./templates.mjs";

/** The inputs of a build. */
const FOLDERS = [
  "protocol",
  "lambdas",
  "infra",
  "client/src",
  "server/guards",
  "server/publisher",
  "local",
  "create",
  "scripts",
  "docs/schemas",
];
const FILES = [
  "package.json",
  "client/package.json",
  "server/package.json",
  "local/package.json",
  "create/package.json",
  "package-lock.json",
  "tsconfig.json",
];

const digestOf = (contents) => createHash("sha256").update(contents).digest("base64");

const isBuilt = (path) => /^(local|create)\/dist\//.test(path);

/** One text for everything that a build reads: another text, another build. */
export const inputsOf = (root) => {
  const below = FOLDERS.flatMap((folder) => filesBelow(join(root, folder)).map((file) => relative(root, file)));
  const files = [...below, ...FILES, ...templateSources(root)].filter((file) => !isBuilt(file)).sort();
  return digestOf(files.map((file) => `${file} ${digestOf(readFileSync(join(root, file)))}\n`).join(""));
};

const fileOf = (root) => join(root, "node_modules/.cache/push-it-build.json");

/** Whether the last build was made of these inputs, and its outputs are still there. */
export const isUpToDate = (root, inputs, { types }) => {
  if (!existsSync(fileOf(root))) return false;
  const last = JSON.parse(readFileSync(fileOf(root), "utf8"));
  if (last.inputs !== inputs || (types && !last.types)) return false;
  return Object.entries(last.outputs).every(([file, digest]) => {
    const path = join(root, file);
    return existsSync(path) && digestOf(readFileSync(path)) === digest;
  });
};

/** Records the outputs of a build and its inputs. */
export const noteBuilt = (root, inputs, { types, paths }) => {
  const outputs = Object.fromEntries(paths.map((path) => [relative(root, path), digestOf(readFileSync(path))]));
  write(fileOf(root), JSON.stringify({ inputs, types, outputs }));
};
