import { Annotations, App, Duration, RemovalPolicy } from "aws-cdk-lib";
import { Guards, PushItStack } from "./index.js";

const app = new App();

// `npx cdk deploy -c guards=guards.ts`, or write it down: guards: Guards.fromModule("guards.ts").
const guards: unknown = app.node.tryGetContext("guards");

// `-c name=Other` deploys another one beside it, as scripts/verify-deployment.mjs does.
const name: unknown = app.node.tryGetContext("name");

const { pushIt } = new PushItStack(app, typeof name === "string" ? name : "PushIt", {
  guards: typeof guards === "string" ? Guards.fromModule(guards) : undefined,
  channels: {
    // In a room nobody misses anything, and everybody sees who is there. All other channels are plain.
    "rooms/*": { history: { size: 1_000, ttl: Duration.days(1) }, presence: true },
    // For `push-it-cli check`: with these it tries everything. What it publishes expires after a minute.
    "push-it-check/kept/*": { history: { size: 100, ttl: Duration.minutes(1) }, presence: true, latest: true },
  },
  wildcards: ["push-it-check/*"],
  // This is an example to try things with: `npx cdk destroy` removes it with all messages. Leave this line out for real
  // data, and the acknowledgement below: then the table is kept.
  removalPolicy: RemovalPolicy.DESTROY,
});
Annotations.of(pushIt).acknowledgeWarning(
  "push-it-aws:historyDestroyed",
  "It is an example: nobody will miss its messages",
);
