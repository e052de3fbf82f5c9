import { readFileSync } from "node:fs";
import { join } from "node:path";
import { compileFunction } from "node:vm";
import type { PushIt } from "push-it-client";

/** Gives what the bundle has defined, and leaves the global object as it was. */
const TAKE = `
  const { PushIt } = globalThis;
  delete globalThis.PushIt;
  return PushIt;
`;

/** The SDK's class, from its bundle for browsers: what applications run, and not its source. */
export const bundledSdk = (root: string): typeof PushIt => {
  const code = readFileSync(join(root, "client/dist/push-it.iife.js"), "utf8");
  const define = compileFunction(`${code}\n${TAKE}`) as () => typeof PushIt | undefined;
  const defined = define();
  if (!defined) throw new Error("client/dist/push-it.iife.js defines no PushIt");
  return defined;
};
