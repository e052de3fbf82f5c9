import { CfnOutput, Stack, type StackProps } from "aws-cdk-lib";
import type { Construct } from "constructs";
import { PROP_NAMES, pushItStackProps } from "./props/checks/shapes.js";
import type { PushItProps } from "./props/push-it-props.js";
import { PushIt } from "./push-it.js";

/** Properties of a stack that contains a Push-It and nothing else. */
export interface PushItStackProps extends StackProps, PushItProps {}

/**
 * A stack that contains a Push-It and nothing else. An app with more resources uses `PushIt` in its own stack.
 *
 * @example
 * new PushItStack(new App(), "PushIt", { guards: Guards.fromModule("guards.ts") });
 */
export class PushItStack extends Stack {
  readonly pushIt: PushIt;

  constructor(scope: Construct, id: string, props: PushItStackProps = {}) {
    super(scope, id, { description: "Push-It: guarded realtime publish and subscribe", ...props });
    pushItStackProps(this, "", props);
    this.pushIt = new PushIt(this, "PushIt", Object.fromEntries(PROP_NAMES.map((name) => [name, props[name]])));
    new CfnOutput(this, "Url", { description: "Where clients connect", value: this.pushIt.url });
    new CfnOutput(this, "Publisher", {
      description: "The function that a back end invokes",
      value: this.pushIt.publisherName,
    });
    const { publishUrl } = this.pushIt;
    if (publishUrl)
      new CfnOutput(this, "PublishUrl", { description: "Where a back end sends requests", value: publishUrl });
  }
}
