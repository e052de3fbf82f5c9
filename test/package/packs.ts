import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, posix } from "node:path";
import ts from "typescript";
import { ROOT, run } from "./processes.js";

/** The folders of the packages, and what each is called. */
export const PACKAGES = {
  client: "push-it-client",
  server: "push-it-server",
  ".": "push-it-aws",
  local: "push-it-cli",
  create: "create-push-it-app",
};

/** The folder of a package. */
export type PackageFolder = keyof typeof PACKAGES;

/** The parts of a package's manifest that are looked at here. */
export interface Manifest {
  name: string;
  version: string;
  main?: string;
  module?: string;
  types?: string;
  bin?: Record<string, string>;
  exports: Record<string, Target>;
  typesVersions?: { "*": Record<string, string[]> };
  sideEffects?: boolean;
  dependencies?: Record<string, string>;
  devDependencies?: Record<string, string>;
  peerDependencies?: Record<string, string>;
  peerDependenciesMeta?: Record<string, { optional: boolean }>;
}

type Target = string | { [condition: string]: Target };

/** The manifest in a folder. */
export const manifestIn = (folder: string): Manifest =>
  JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as Manifest;

/** The output of `npm pack`. */
export interface Pack {
  filename: string;
  size: number;
  unpackedSize: number;
  files: { path: string; mode: number }[];
}

/**
 * Packs a package once for all suites of a run. Jest removes the folder (test/run/).
 * @returns the folder with the tarball, and with the report of `npm pack` in `pack.json`
 */
const packed = (folder: PackageFolder): string => {
  const runFolder = process.env["PUSH_IT_RUN_FOLDER"]!;
  const shared = join(runFolder, `packed-${PACKAGES[folder]}`);
  if (existsSync(shared)) return shared;
  const making = mkdtempSync(join(runFolder, "packing-"));
  const args = ["pack", "--json", "--ignore-scripts", "--pack-destination", making];
  writeFileSync(join(making, "pack.json"), run("npm", args, { cwd: join(ROOT, folder) }));
  try {
    renameSync(making, shared);
  } catch (error) {
    // Another worker was faster. Its folder is as good.
    if (!existsSync(shared)) throw error;
    rmSync(making, { recursive: true });
  }
  return shared;
};

/** The report of `npm pack` about a package. */
export const packOf = (folder: PackageFolder): Pack => {
  const [pack] = JSON.parse(readFileSync(join(packed(folder), "pack.json"), "utf8")) as [Pack];
  return pack;
};

/** The tarball of a package. */
export const tarballOf = (folder: PackageFolder): string => join(packed(folder), packOf(folder).filename);

/** Makes an empty project in a folder and installs packages there, as they are packed; gives the folder. */
export const installedIn = (app: string, packages: PackageFolder[], ...flags: string[]): string => {
  mkdirSync(app);
  writeFileSync(join(app, "package.json"), '{"private":true}\n');
  run("npm", ["install", "--no-audit", "--no-fund", ...flags, ...packages.map(tarballOf)], {
    cwd: app,
  });
  return app;
};

const leaves = (target: Target): string[] =>
  typeof target === "string" ? [target] : Object.values(target).flatMap(leaves);

/** Every file that a manifest names; those with a `*` stand for several. */
export const targetsOf = ({ main, module, types, bin = {}, exports, typesVersions }: Manifest): string[] => {
  const older = Object.values(typesVersions?.["*"] ?? {}).flat();
  const all = [main, module, types, ...Object.values(bin), ...leaves(exports), ...older].filter(
    (each) => each !== undefined,
  );
  return [...new Set(all.map((target) => posix.normalize(target)))];
};

/** The imports of a script or a declaration. */
export const importsOf = (file: string): string[] =>
  ts.preProcessFile(readFileSync(file, "utf8"), true, true).importedFiles.map(({ fileName }) => fileName);

/** The files that a file leads to: itself, what it imports of the same package, and their source maps. */
export const filesFrom = (folder: PackageFolder, entry: string, found = new Set<string>()): Set<string> => {
  if (found.has(entry)) return found;
  found.add(entry);
  if (!/\.(js|mjs|ts)$/.test(entry)) return found;
  const [, map] = /^\/\/# sourceMappingURL=(\S+)$/m.exec(readFileSync(join(ROOT, folder, entry), "utf8")) ?? [];
  if (map !== undefined) found.add(posix.join(dirname(entry), map));
  for (const name of importsOf(join(ROOT, folder, entry)).filter((one) => one.startsWith("."))) {
    const file = entry.endsWith(".d.ts") ? name.replace(/\.js$/, ".d.ts") : name;
    filesFrom(folder, posix.join(dirname(entry), file), found);
  }
  return found;
};
