import { App, CfnOutput, Duration, Stack } from "aws-cdk-lib";
import { Secret } from "aws-cdk-lib/aws-secretsmanager";
import { Guards, PushIt } from "push-it-aws";

const stack = new Stack(new App(), "Chat");
/** The Next server signs tokens with this key, and the guards check them with it. */
const signingKey = new Secret(stack, "SigningKey");
const pushIt = new PushIt(stack, "PushIt", {
  guards: Guards.fromModule("server/guards.ts", { secrets: { SIGNING_KEY: signingKey } }),
  channels: { "rooms/*": { history: { ttl: Duration.days(7) }, presence: { state: true }, from: true } },
});
new CfnOutput(stack, "Url", { value: pushIt.url });
new CfnOutput(stack, "PublisherName", { value: pushIt.publisherName });
new CfnOutput(stack, "SigningKeyName", { value: signingKey.secretName });
