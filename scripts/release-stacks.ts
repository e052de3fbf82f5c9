import { type App, CfnOutput, Duration, Stack } from "aws-cdk-lib";
import { EventBus } from "aws-cdk-lib/aws-events";
import { AccountRootPrincipal, Role } from "aws-cdk-lib/aws-iam";
import { Key } from "aws-cdk-lib/aws-kms";
import { AccessLogs, Guards, PushIt, PushItStack } from "../infra/index.js";

/**
 * The stacks that a release keeps: the construct as it is, and with everything that it can have. A later version makes
 * them again and is compared with the kept ones, so nothing may be taken away here.
 */
export const addReleaseStacks = (app: App): void => {
  new PushItStack(app, "Plain");
  const stack = new Stack(app, "Everything");
  const pushIt = new PushIt(stack, "PushIt", {
    guards: Guards.fromModule("scripts/release-guards.ts"),
    wildcards: ["rooms/*", "stocks/*", "news/*"],
    channels: {
      "rooms/*": { history: { size: 1_000, ttl: Duration.days(1) }, presence: true },
      "kept/*": { history: {} },
      "stocks/*": { latest: true },
      "busy/*": { linger: Duration.millis(200) },
      "crowds/*": { shards: 4 },
    },
    // One subscriber is posted to at once and all others by workers, so that few clients use both ways.
    fanOutThreshold: 1,
    publishUrl: true,
    eventBus: new EventBus(stack, "Bus"),
    encryptionKey: new Key(stack, "Key"),
    accessLogs: AccessLogs.existingRole(),
  });
  const serverRole = new Role(stack, "BackEnd", { assumedBy: new AccountRootPrincipal() });
  pushIt.grantPublish(serverRole);
  pushIt.grantPublishUrl(serverRole);
  new CfnOutput(stack, "Url", { value: pushIt.url });
  new CfnOutput(stack, "Publisher", { value: pushIt.publisherName });
  new CfnOutput(stack, "PublishUrl", { value: pushIt.publishUrl ?? "" });
};
