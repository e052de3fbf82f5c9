import { App, Stack } from "aws-cdk-lib";
import * as lambda from "aws-cdk-lib/aws-lambda";
import { RUNTIME } from "../../../infra/functions.js";
import { PushIt } from "../../../infra/index.js";
import { CONNECTIONS_PER_SECOND } from "../../../local/commands/remote/quotas.js";

/** What the function that does nothing is called. */
export const EMPTY = "Empty";

/** Enough for one publisher at every rate that is measured. */
const PUBLICATIONS_PER_SECOND = 25_000;

/** Synthesizes a system without guards into a folder, and beside it a function that does nothing. */
export const synthesizeLoad = (outdir: string): void => {
  const app = new App({
    outdir,
    analyticsReporting: false,
    context: { "aws:cdk:enable-path-metadata": true, "aws:cdk:enable-asset-metadata": true },
  });
  const stack = new Stack(app, "Bench");
  new PushIt(stack, "PushIt", {
    limits: { publicationsPerSecond: PUBLICATIONS_PER_SECOND },
    throttling: { connect: { rateLimit: CONNECTIONS_PER_SECOND, burstLimit: CONNECTIONS_PER_SECOND } },
  });
  new lambda.Function(stack, EMPTY, {
    runtime: RUNTIME,
    handler: "index.handler",
    code: lambda.Code.fromInline("exports.handler = async () => ({});"),
  });
  app.synth();
};
