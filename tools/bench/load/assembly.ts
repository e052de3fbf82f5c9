import type { Stack } from "aws-cdk-lib";
import * as lambda from "aws-cdk-lib/aws-lambda";
import { RUNTIME } from "../../../infra/functions/make-functions.js";
import { PushIt } from "../../../infra/index.js";
import { CONNECTIONS_PER_SECOND } from "../../../local/commands/remote/quotas.js";

/** The name of the empty function. */
export const EMPTY_FUNCTION = "Empty";

/** Enough for one publisher at each measured rate. */
const PUBLICATIONS_PER_SECOND = 25_000;

/** Adds a system without guards and a function that does nothing. */
export const addLoadSystem = (stack: Stack): void => {
  new PushIt(stack, "PushIt", {
    limits: { publicationsPerSecond: PUBLICATIONS_PER_SECOND },
    throttling: { connect: { rateLimit: CONNECTIONS_PER_SECOND, burstLimit: CONNECTIONS_PER_SECOND } },
  });
  new lambda.Function(stack, EMPTY_FUNCTION, {
    runtime: RUNTIME,
    handler: "index.handler",
    code: lambda.Code.fromInline("exports.handler = async () => ({});"),
  });
};
