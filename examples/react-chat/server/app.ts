import { App, CfnOutput, Duration, Stack } from "aws-cdk-lib";
import { Guards, PushIt } from "push-it-aws";

const stack = new Stack(new App(), "Chat");
const pushIt = new PushIt(stack, "PushIt", {
  guards: Guards.fromModule("server/guards.ts"),
  channels: { "rooms/*": { history: { ttl: Duration.days(7) }, presence: { state: true }, from: true } },
});
new CfnOutput(stack, "Url", { value: pushIt.url });
