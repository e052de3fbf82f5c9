import { copyFileSync, existsSync, writeFileSync } from "node:fs";
import { createHash } from "node:crypto";
import { join } from "node:path";
import { AssetHashType, DockerImage } from "aws-cdk-lib";
import * as lambda from "aws-cdk-lib/aws-lambda";
import type { Construct } from "constructs";
import type { GuardBundle } from "../guards/guard-bundle.js";
import { validationError } from "../props/validation-error.js";
import type { FunctionName } from "./registry.js";

/** The worker thread that runs a guard module. Each function that runs guards has this file next to its own code. */
const WORKER_FILE = "guard-worker.mjs";

/** A function's code as it was built, for a function that never runs a guard. */
export const plainCode = (scope: Construct, name: FunctionName): lambda.Code =>
  lambda.Code.fromAsset(join(lambdasFolder(scope), name));

/**
 * A function's code, the guards' worker, and the guard module if there is one. The worker is always there, so that
 * guards can be tried locally (`push-it-cli dev --guards`) on a template that has none.
 */
export const guardedCode = (scope: Construct, name: FunctionName, bundle?: GuardBundle): lambda.Code => {
  const folder = lambdasFolder(scope);
  return lambda.Code.fromAsset(join(folder, name), {
    // A hash of the output: a guard that compiles to the same bundle is not deployed again.
    assetHashType: AssetHashType.OUTPUT,
    bundling: {
      // Never used, because `local` always succeeds or throws.
      image: DockerImage.fromRegistry("none"),
      // The CDK bundles once for each distinct set of options, and it cannot see into `local`.
      command: [name, digest(bundle)],
      local: {
        tryBundle: (output) => {
          copyFileSync(join(folder, name, "index.mjs"), join(output, "index.mjs"));
          copyFileSync(join(folder, WORKER_FILE), join(output, WORKER_FILE));
          for (const [file, contents] of bundle?.files ?? []) writeFileSync(join(output, file), contents);
          return true;
        },
      },
    },
  });
};

const digest = (bundle?: GuardBundle): string => {
  const hash = createHash("sha256");
  for (const [file, contents] of bundle?.files ?? []) hash.update(file).update(contents);
  return hash.digest("hex");
};

/** The folder of the built functions: next to `dist/infra` in the package, `dist/lambdas` if this runs from source. */
const lambdasFolder = (scope: Construct): string => {
  const candidates = [join(__dirname, "../lambdas"), join(__dirname, "../../dist/lambdas")];
  const found = candidates.find((folder) => existsSync(join(folder, WORKER_FILE)));
  if (!found)
    throw validationError(scope, `the functions are not built (no ${WORKER_FILE} in ${candidates[1]}): npm run build`);
  return found;
};
