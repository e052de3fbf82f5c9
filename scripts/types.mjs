// The type declarations of what the packages export.
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, relative } from "node:path";
import ts from "typescript";
import { KINDS, LIBRARIES } from "./libraries.mjs";
import { write } from "./output.mjs";

/** A library's declarations are there twice, because TypeScript takes each for what its folder says: ES modules, or CommonJS. */
const foldersOf = (library) => Object.keys(KINDS).map((kind) => `${library}/dist/${kind}/types`);

/** The entry of each declaration tree, and its destination. */
const TREES = [
  { entries: ["infra/index.ts"], folders: ["dist/types"] },
  // A file for script tags is CommonJS to Node, or not a module at all.
  { entries: ["client/src/script.ts"], folders: ["client/dist/cjs/types"] },
  ...Object.entries(LIBRARIES).map(([library, { entries }]) => ({
    entries: Object.values(entries),
    folders: foldersOf(library),
  })),
];

/** Writes the declarations of all trees; gives the files. Throws with the compiler's words where they do not compile. */
export const emitTypes = (root) => {
  const outDir = mkdtempSync(join(tmpdir(), "push-it-types-"));
  try {
    emit(
      root,
      TREES.flatMap(({ entries }) => entries),
      outDir,
    );
    return TREES.flatMap(({ entries, folders }) =>
      reachable(entries.map((entry) => join(outDir, declarationOf(entry)))).flatMap((file) =>
        folders.map((folder) => {
          const target = join(root, folder, relative(outDir, file));
          write(target, readFileSync(file));
          return target;
        }),
      ),
    );
  } finally {
    rmSync(outDir, { recursive: true, force: true });
  }
};

const declarationOf = (source) => source.replace(/\.(ts|js)$/, ".d.ts");

/** The given declarations and their imports, and so on: code outside cannot reach the rest. */
const reachable = (entries) => {
  const found = new Set(entries);
  for (const file of found) {
    const { importedFiles } = ts.preProcessFile(readFileSync(file, "utf8"));
    for (const { fileName } of importedFiles) {
      if (fileName.startsWith(".")) found.add(join(dirname(file), declarationOf(fileName)));
    }
  }
  return [...found];
};

const emit = (root, entries, outDir) => {
  const program = ts.createProgram(
    entries.map((entry) => join(root, entry)),
    {
      ...compilerOptions(root),
      noEmit: false,
      declaration: true,
      emitDeclarationOnly: true,
      // Checking the types is what `npm run typecheck` does, at several times the price.
      noCheck: true,
      types: [],
      // Members marked as internal are the construct's own, and not part of its API.
      stripInternal: true,
      outDir,
    },
  );
  const { diagnostics } = program.emit();
  const errors = [...program.getSyntacticDiagnostics(), ...diagnostics];
  if (errors.length > 0) throw new Error(ts.formatDiagnostics(errors, host(root)));
};

const compilerOptions = (root) => {
  const path = join(root, "tsconfig.json");
  const { config } = ts.readConfigFile(path, ts.sys.readFile);
  return ts.parseJsonConfigFileContent(config, ts.sys, root, undefined, path).options;
};

const host = (root) => ({
  getCanonicalFileName: (name) => name,
  getCurrentDirectory: () => root,
  getNewLine: () => "\n",
});
