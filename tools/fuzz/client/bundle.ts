import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { build, type Plugin } from "esbuild";

/** Takes `client/` and its imports from another folder. */
const clientFrom = (root: string, folder: string): Plugin => ({
  name: "client-from",
  setup(build) {
    build.onResolve({ filter: /^(\.\.\/)+client\// }, ({ path }) => {
      const file = path.replace(/^(\.\.\/)+client\//, "").replace(/\.js$/, ".ts");
      return { path: join(folder, "client", file) };
    });
    // Both must be one module: the model and the SDK share only types of `protocol/`.
    build.onResolve({ filter: /^(\.\.\/)+protocol\// }, ({ path }) => ({
      path: join(root, path.replace(/^(\.\.\/)+/, "").replace(/\.js$/, ".ts")),
    }));
  },
});

/**
 * Bundles a program of this folder with the SDK. Returns the file.
 * @param entry `worker` runs walks, `growth` measures memory
 * @param folder the folder with the `client/` to use @default the repository
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
