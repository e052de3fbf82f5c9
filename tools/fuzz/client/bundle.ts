import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { build, type Plugin } from "esbuild";

/** Takes `client/` and what it imports from another folder than the repository's. */
const clientFrom = (root: string, folder: string): Plugin => ({
  name: "client-from",
  setup(build) {
    build.onResolve({ filter: /^(\.\.\/)+client\// }, ({ path }) => {
      const file = path.replace(/^(\.\.\/)+client\//, "").replace(/\.js$/, ".ts");
      return { path: join(folder, "client", file) };
    });
    // Both have to be one module: the model and the SDK share nothing of `protocol/` but types.
    build.onResolve({ filter: /^(\.\.\/)+protocol\// }, ({ path }) => ({
      path: join(root, path.replace(/^(\.\.\/)+/, "").replace(/\.js$/, ".ts")),
    }));
  },
});

/**
 * Bundles a program of this folder, with the SDK; gives the file.
 * @param entry its name: `worker` takes walks, `growth` measures what a client keeps
 * @param folder what holds the `client/` to be used, if it is not the repository's
 */
export const bundleProgram = async (root: string, entry: "worker" | "growth", folder?: string): Promise<string> => {
  const outfile = join(mkdtempSync(join(tmpdir(), "push-it-walks-")), `${entry}.cjs`);
  await build({
    entryPoints: [join(root, "tools/fuzz/client", `${entry}.ts`)],
    outfile,
    bundle: true,
    platform: "node",
    format: "cjs",
    target: "node20",
    sourcemap: "inline",
    logLevel: "warning",
    define: { "process.env.NODE_ENV": '"production"' },
    ...(folder !== undefined && { plugins: [clientFrom(root, resolve(folder))] }),
  });
  return outfile;
};
