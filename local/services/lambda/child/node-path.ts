import type { ResolveHook, ResolveHookSync } from "node:module";
import { delimiter, dirname, join } from "node:path";
import { pathToFileURL } from "node:url";

/*
 * Lets ES modules find packages in the folders of NODE_PATH, as Lambda's runtimes do from Node 18 on. Node itself uses
 * NODE_PATH for `require` only. A function that imports the AWS SDK without bundling it needs this.
 * https://aws.amazon.com/blogs/compute/node-js-18-x-runtime-now-available-in-aws-lambda/
 *
 * This file is a module of its own, because `register` of Node 20 runs it in another thread.
 */

const folders = (process.env.NODE_PATH ?? "").split(delimiter).filter((folder) => folder !== "");

/** A name such as `@aws-sdk/client-lambda` or `ws/wrapper.mjs`. */
const isPackage = (specifier: string): boolean => !/^(\.{0,2}\/|#|[a-z]+:)/i.test(specifier);

/** Modules next to each `node_modules` folder of NODE_PATH, which imports are resolved from. */
const places = folders.map((folder) => pathToFileURL(join(dirname(folder), "index.mjs")).href);

/** Packages of Lambda's Node runtimes that a project may lack. */
const SDK = /^@(aws-sdk|smithy)\//;

const explained = (error: unknown, specifier: string): unknown => {
  if (!SDK.test(specifier) || !(error instanceof Error)) return error;
  error.message +=
    `\nLambda's Node runtimes have ${specifier}, and this machine does not. ` +
    `Install it where the app is: npm install --save-dev ${specifier.split("/").slice(0, 2).join("/")}`;
  return error;
};

const isMissing = (error: unknown): boolean => (error as NodeJS.ErrnoException).code === "ERR_MODULE_NOT_FOUND";

/** For `module.register`: Node 20 to 22.14. */
export const resolve: ResolveHook = async (specifier, context, next) => {
  try {
    return await next(specifier, context);
  } catch (error) {
    if (!isPackage(specifier) || !isMissing(error)) throw error;
    for (const parentURL of places) {
      try {
        return await next(specifier, { ...context, parentURL });
      } catch (missing) {
        if (!isMissing(missing)) throw missing;
      }
    }
    throw explained(error, specifier);
  }
};

/** For `module.registerHooks`, which runs in the thread that imports: Node 22.15 and later. */
export const resolveSync: ResolveHookSync = (specifier, context, next) => {
  try {
    return next(specifier, context);
  } catch (error) {
    if (!isPackage(specifier) || !isMissing(error)) throw error;
    for (const parentURL of places) {
      try {
        return next(specifier, { ...context, parentURL });
      } catch (missing) {
        if (!isMissing(missing)) throw missing;
      }
    }
    throw explained(error, specifier);
  }
};
