import { readFileSync } from "node:fs";
import { join } from "node:path";
import { compileFunction } from "node:vm";
import type { PushIt } from "push-it-client";

/** The SDK's class, from its bundle for browsers: what applications run, and not its source. */
export const bundledSdk = (root: string): typeof PushIt => {
  const code = readFileSync(join(root, "client/dist/push-it.iife.js"), "utf8");
  const scope: { PushIt?: typeof PushIt } = {};
  const define = compileFunction(code, ["globalThis"]) as (globalThis: object) => void;
  define(scope);
  if (!scope.PushIt) throw new Error("client/dist/push-it.iife.js defines no PushIt");
  return scope.PushIt;
};
