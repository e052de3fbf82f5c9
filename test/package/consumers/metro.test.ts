import { existsSync, readFileSync, realpathSync, statSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { type FileSystemLookup, resolve, type ResolutionContext } from "metro-resolver";
import { COMMON_JS, Consumer, ES_MODULES, EXPECTED } from "./packed.js";

const packageIn = (path: string): ReturnType<ResolutionContext["getPackage"]> =>
  existsSync(path) ? (JSON.parse(readFileSync(path, "utf8")) as ReturnType<ResolutionContext["getPackage"]>) : null;

const lookUp: FileSystemLookup = (path) =>
  existsSync(path)
    ? { exists: true, type: statSync(path).isDirectory() ? "d" : "f", realPath: realpathSync(path) }
    : { exists: false };

/** The package that a file, or what may become one, is of: the path of a package itself is such. */
const packageOf: ResolutionContext["getPackageForModule"] = (path) => {
  for (let folder = path; folder !== dirname(folder); folder = dirname(folder)) {
    const packageJson = packageIn(join(folder, "package.json"));
    if (packageJson) return { packageJson, rootPath: folder, packageRelativePath: relative(folder, path) };
  }
  return null;
};

/** Metro's resolver as React Native configures it. */
const contextIn = (
  folder: string,
  given: Pick<ResolutionContext, "unstable_enablePackageExports" | "isESMImport">,
): ResolutionContext => ({
  ...given,
  allowHaste: false,
  assetExts: new Set(["png"]),
  customResolverOptions: {},
  disableHierarchicalLookup: false,
  doesFileExist: existsSync,
  extraNodeModules: {},
  dev: false,
  getPackage: packageIn,
  getPackageForModule: packageOf,
  fileSystemLookup: lookUp,
  mainFields: ["react-native", "browser", "main"],
  originModulePath: join(folder, "main.js"),
  nodeModulesPaths: [],
  preferNativePlatform: true,
  resolveAsset: () => null,
  redirectModulePath: (path) => path,
  resolveHasteModule: () => null,
  resolveHastePackage: () => null,
  sourceExts: ["js", "jsx", "json", "ts", "tsx"],
  unstable_conditionNames: ["react-native"],
  unstable_conditionsByPlatform: {},
  unstable_incrementalResolution: false,
  unstable_logWarning: (message) => {
    throw new Error(message);
  },
});

const CASES = [
  { exports: true, imported: true, kind: "esm" },
  { exports: true, imported: false, kind: "cjs" },
  { exports: false, imported: true, kind: "cjs" },
  { exports: false, imported: false, kind: "cjs" },
] as const;

test.each(CASES)(
  "Metro finds the SDK, package exports: $exports, by import: $imported",
  ({ exports, imported, kind }) => {
    const app = new Consumer("metro", { ...ES_MODULES, ...COMMON_JS });
    const context = contextIn(app.folder, { unstable_enablePackageExports: exports, isESMImport: imported });
    const found = ["push-it-client", "push-it-client/core"].map((name) => {
      const resolution = resolve(context, name, "ios");
      if (resolution.type !== "sourceFile") throw new Error(`${name} is ${resolution.type}.`);
      return resolution.filePath;
    });
    const home = join(realpathSync(app.folder), "../../node_modules/push-it-client");
    // By Metro's own rules "push-it-client/core" is a file, without exports. So are the files that it requires.
    expect(found.map((file) => relative(home, file))).toEqual([
      `dist/${kind}/index.js`,
      exports ? `dist/${kind}/core.js` : "core.js",
    ]);

    // The found files run in the places of the names.
    const main = kind === "esm" ? "main.mjs" : "main.cjs";
    const text = readFileSync(join(app.folder, main), "utf8");
    app.write(
      main,
      text
        .replace('"push-it-client"', JSON.stringify(found[0]))
        .replace('"push-it-client/core"', JSON.stringify(found[1])),
    );
    expect(app.node([main])).toBe(EXPECTED);
  },
);
