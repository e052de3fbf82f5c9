import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import type { Context } from "./context.js";
import { RuntimeError } from "./errors.js";

/** A Lambda handler; the callback exists up to Node 22. */
export type Handler = (event: unknown, context: Context, callback?: Callback) => unknown;

/** The callback of a callback-style handler. */
export type Callback = (error?: unknown, result?: unknown) => void;

/** First major of Lambda's Node runtime that refuses handlers with a callback parameter. */
const FIRST_WITHOUT_CALLBACKS = 24;

/** In the order in which Lambda looks for the module. */
const EXTENSIONS = [".js", ".mjs", ".cjs"];

/**
 * Loads a handler as Lambda does.
 * @param root the asset's folder
 * @param name such as `index.handler`, or `folder/file.nested.export`
 * @param runtime such as `nodejs24.x`
 * @throws RuntimeError for a handler that does not exist or cannot be one; whatever the module throws while it loads
 */
export const loadHandler = async (root: string, name: string, runtime: string): Promise<Handler> => {
  const [, path, exported] = /^((?:.*\/)?[^/.]+)\.([^/]+)$/.exec(name) ?? [];
  if (!path || !exported) throw new RuntimeError("MalformedHandlerName", `Bad handler ${name}`);
  const file = EXTENSIONS.map((extension) => resolve(root, path + extension)).find((candidate) =>
    existsSync(candidate),
  );
  if (!file) throw new RuntimeError("ImportModuleError", `Error: Cannot find module '${join(root, path)}'`);
  const handler = pick(await load(file), exported);
  if (typeof handler !== "function") {
    throw new RuntimeError("HandlerNotFound", `${name} is undefined or not exported`);
  }
  if (handler.length > 2 && majorOf(runtime) >= FIRST_WITHOUT_CALLBACKS) {
    throw new RuntimeError(
      "CallbackHandlerDeprecated",
      "Handlers with a callback parameter do not run on Node.js 24 and later: make the handler async.",
    );
  }
  return handler as Handler;
};

const load = async (file: string): Promise<unknown> => {
  if (!file.endsWith(".cjs")) return await import(pathToFileURL(file).href);
  return createRequire(file)(file) as unknown;
};

/** A nested export; a CommonJS module that was imported keeps its exports under `default` as well. */
const pick = (module: unknown, path: string): unknown => {
  const walk = (from: unknown) =>
    path.split(".").reduce<unknown>((value, key) => (value as Record<string, unknown> | undefined)?.[key], from);
  return walk(module) ?? walk((module as { default?: unknown }).default);
};

const majorOf = (runtime: string): number => Number(/\d+/.exec(runtime)?.[0] ?? 0);
