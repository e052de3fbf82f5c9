import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { transformSync } from "esbuild";
import type { Component } from "svelte";
import { compile } from "svelte/compiler";

const requireModule = createRequire(__filename);

/** Compiles a component of `components`, and loads it with the modules of this test. */
export const compiled = (
  name: string,
  generate: "client" | "server" = "client",
): Component<Record<string, unknown>> => {
  const filename = join(__dirname, "components", name);
  const { js } = compile(readFileSync(filename, "utf8"), { filename, generate, dev: true, css: "injected" });
  const { code } = transformSync(js.code, { format: "cjs" });
  const module = { exports: {} as { default: Component<Record<string, unknown>> } };
  const load = (path: string): unknown =>
    path.endsWith(".svelte") ? { __esModule: true, default: compiled(path, generate) } : requireModule(path);
  // eslint-disable-next-line @typescript-eslint/no-implied-eval
  const run = new Function("require", "module", "exports", code) as (...args: unknown[]) => void;
  run(load, module, module.exports);
  return module.exports.default;
};
