#!/usr/bin/env node
// Keeps a release: `node scripts/release.mjs` writes releases/VERSION.json.br. It holds the cloud assembly of
// scripts/release-app.ts (templates and the code of functions) and the packed client of the version in package.json. A
// later version is tested against it by `npm run test:update`: its functions meet rows that these functions wrote, and
// its clients meet these functions. The local runtime runs the assembly. A release that is kept already is not written
// again, unless `--again` is given.
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { brotliCompressSync, brotliDecompressSync, constants } from "node:zlib";
import { filesBelow } from "./output.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));

/** The path at which a version is kept. */
export const releasePath = (version) => join(root, "releases", `${version}.json.br`);

/** The files of a version that is kept: texts by path, such as `assembly/Plain.template.json`. */
export const readRelease = (version) =>
  JSON.parse(brotliDecompressSync(readFileSync(releasePath(version))).toString("utf8")).files;

/** Writes the files of a version that is kept into a folder. */
export const unpackRelease = (version, folder) => {
  for (const [path, text] of Object.entries(readRelease(version))) {
    mkdirSync(join(folder, path, ".."), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
};

/** The files of a folder below a new path. */
const textsOf = (folder, path, isKept = () => true) =>
  filesBelow(folder)
    .filter(isKept)
    .map((file) => [join(path, relative(folder, file)), readFileSync(file, "utf8")]);

/** The kept files of a cloud assembly: without its place of origin, and without files that only the CDK's command reads. */
const ASSEMBLY_FILES = /(^|\/)(cdk\.out|manifest\.json|[^/]+\.(template|assets)\.json|asset\.[0-9a-f]+\/.+)$/;
const ARTIFACTS = ["cdk:asset-manifest", "aws:cloudformation:stack"];

/** A manifest of those artifacts. The metadata that it leaves out holds the traces of constructs. */
const leanManifest = (text) => {
  const { artifacts, ...manifest } = JSON.parse(text);
  const kept = Object.fromEntries(Object.entries(artifacts).filter(([, { type }]) => ARTIFACTS.includes(type)));
  for (const artifact of Object.values(kept)) {
    delete artifact.additionalMetadataFile;
    delete artifact.metadata;
  }
  return JSON.stringify({ ...manifest, artifacts: kept }, null, 2);
};

/** The files of a cloud assembly that are kept. */
const assemblyOf = (folder) =>
  textsOf(folder, "assembly", (file) => ASSEMBLY_FILES.test(file)).map(([path, text]) => [
    path,
    path === "assembly/manifest.json" ? leanManifest(text) : text,
  ]);

/** Everything that is kept of what is built now. */
const collect = (work) => {
  const run = (command, args) =>
    execFileSync(command, args, { cwd: root, stdio: ["ignore", "pipe", "inherit"], encoding: "utf8" });
  const assembly = join(work, "assembly");
  run("npx", ["cdk", "synth", "--quiet", "--app", "npx tsx scripts/release-app.ts", "--output", assembly]);
  const [{ filename }] = JSON.parse(
    run("npm", ["pack", "--workspace", "push-it-client", "--json", "--ignore-scripts", "--pack-destination", work]),
  );
  execFileSync("tar", ["xzf", join(work, filename), "-C", work]);
  const files = [
    ...assemblyOf(assembly),
    ...textsOf(join(work, "package"), "client", (file) => !file.endsWith(".map")),
  ];
  return Object.fromEntries(files.sort(([one], [other]) => (one < other ? -1 : 1)));
};

const main = () => {
  const { version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  const path = releasePath(version);
  if (existsSync(path) && !process.argv.includes("--again"))
    return console.log(`${version} is kept already. Give --again to replace it.`);
  const work = mkdtempSync(join(tmpdir(), "push-it-release-"));
  try {
    const files = collect(work);
    const text = Buffer.from(JSON.stringify({ version, files }));
    // The bundles have most of their code in common: the window has to reach from one to the next.
    const { BROTLI_PARAM_LGWIN, BROTLI_PARAM_SIZE_HINT, BROTLI_MAX_WINDOW_BITS } = constants;
    mkdirSync(join(path, ".."), { recursive: true });
    const archive = brotliCompressSync(text, {
      params: { [BROTLI_PARAM_LGWIN]: BROTLI_MAX_WINDOW_BITS, [BROTLI_PARAM_SIZE_HINT]: text.length },
    });
    writeFileSync(path, archive);
    console.log(`${relative(root, path)}: ${Object.keys(files).length} files, ${Math.round(archive.length / 1024)} KB`);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
};

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) main();
