import { App } from "aws-cdk-lib";
import { Guards, PushItStack } from "./index.js";

const app = new App();

// `npx cdk deploy -c guards=guards.ts`, or write it down: guards: Guards.fromModule("guards.ts").
const guards: unknown = app.node.tryGetContext("guards");

new PushItStack(app, "PushIt", {
  guards: typeof guards === "string" ? Guards.fromModule(guards) : undefined,
});
