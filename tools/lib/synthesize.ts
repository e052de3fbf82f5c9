import { join } from "node:path";
import { App, Stack } from "aws-cdk-lib";

/**
 * Synthesizes an app with one stack.
 * @param folder the parent folder of the cloud assembly
 * @returns the folder of the cloud assembly
 */
export const synthesize = (folder: string, stackName: string, addTo: (stack: Stack) => void): string => {
  const outdir = join(folder, "cdk.out");
  const app = new App({
    outdir,
    analyticsReporting: false,
    context: { "aws:cdk:enable-path-metadata": true, "aws:cdk:enable-asset-metadata": true },
  });
  addTo(new Stack(app, stackName));
  app.synth();
  return outdir;
};
