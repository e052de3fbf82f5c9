import { App, CfnOutput, RemovalPolicy, Stack } from "aws-cdk-lib";
import * as events from "aws-cdk-lib/aws-events";
import * as s3 from "aws-cdk-lib/aws-s3";
import type { Construct } from "constructs";
import { join } from "node:path";
import { Guards, PushIt } from "push-it-aws";

/** Notifies subscribers of new objects in a bucket as they arrive. No code of your own runs on the way. */
class S3EventsStack extends Stack {
  constructor(scope: Construct, id: string) {
    super(scope, id);

    const bucket = new s3.Bucket(this, "Uploads", {
      eventBridgeEnabled: true,
      blockPublicAccess: s3.BlockPublicAccess.BLOCK_ALL,
      enforceSSL: true,
      removalPolicy: RemovalPolicy.RETAIN,
    });

    const pushIt = new PushIt(this, "PushIt", {
      guards: Guards.fromModule(join(__dirname, "guards.ts")),
      // An example leaves only the uploads behind.
      removalPolicy: RemovalPolicy.DESTROY,
    });

    const created = new events.Rule(this, "Created", {
      description: "Notifies subscribers of new objects",
      eventPattern: {
        source: ["aws.s3"],
        detailType: ["Object Created"],
        detail: { bucket: { name: [bucket.bucketName] } },
      },
    });
    const { fromPath } = events.EventField;
    created.addTarget(
      pushIt.publishTarget({
        // A bucket's name is always a valid channel name. An object's key may not be, so it goes into the data.
        channel: `uploads/${fromPath("$.detail.bucket.name")}`,
        data: { key: fromPath("$.detail.object.key"), size: fromPath("$.detail.object.size"), at: fromPath("$.time") },
      }),
    );

    new CfnOutput(this, "Url", { value: pushIt.url });
    new CfnOutput(this, "Bucket", { value: bucket.bucketName });
  }
}

new S3EventsStack(new App(), "S3Events");
