import { Annotations, App, Duration, RemovalPolicy } from "aws-cdk-lib";
import { Guards, PushItStack } from "./index.js";

const app = new App();

// `npx cdk deploy -c guards=guards.ts`, or write it down: guards: Guards.fromModule("guards.ts").
const guards: unknown = app.node.tryGetContext("guards");

// `-c name=Other` deploys another stack next to it, as scripts/verify-deployment.mjs does.
const name: unknown = app.node.tryGetContext("name");

const { pushIt } = new PushItStack(app, typeof name === "string" ? name : "PushIt", {
  guards: typeof guards === "string" ? Guards.fromModule(guards) : undefined,
  channels: {
    // A room has history, so that no client misses a message, and presence. All other channels are plain.
    "rooms/*": { history: { size: 1_000, ttl: Duration.days(1) }, presence: true },
    // For `push-it-cli check`: with these options it tries everything. Its messages expire after a minute.
    "push-it-check/kept/*": { history: { size: 100, ttl: Duration.minutes(1) }, presence: true, latest: true },
  },
  wildcards: ["push-it-check/*"],
  // This is an example: `npx cdk destroy` removes it with all messages. For real data, leave out this line and the
  // acknowledgement below: then the table is kept.
  removalPolicy: RemovalPolicy.DESTROY,
});
Annotations.of(pushIt).acknowledgeWarning(
  "push-it-aws:historyDestroyed",
  "It is an example, and its messages may be lost",
);
