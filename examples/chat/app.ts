import { join } from "node:path";
import { App, CfnOutput, Duration, RemovalPolicy, Stack } from "aws-cdk-lib";
import * as cloudwatch from "aws-cdk-lib/aws-cloudwatch";
import * as secretsmanager from "aws-cdk-lib/aws-secretsmanager";
import type { Construct } from "constructs";
import { AccessLogs, Guards, PushIt } from "push-it-aws";

class ChatStack extends Stack {
  constructor(scope: Construct, id: string) {
    super(scope, id);

    const signingKey = new secretsmanager.Secret(this, "SigningKey", {
      description: "Signs the tokens that people connect with",
      removalPolicy: RemovalPolicy.DESTROY,
    });

    const pushIt = new PushIt(this, "PushIt", {
      guards: Guards.fromModule(join(__dirname, "guards.ts"), { secrets: { SIGNING_KEY: signingKey } }),
      timeouts: { onConnectionRequest: Duration.seconds(3) },
      throttling: { connect: { rateLimit: 20, burstLimit: 40 } },
      // An example leaves nothing behind.
      removalPolicy: RemovalPolicy.DESTROY,
      accessLogs: AccessLogs.existingRole(),
    });

    // A function also fails if the guard module cannot be loaded: docs/LOGS.md.
    const {
      connect,
      disconnect,
      connectStatus: handshake,
      publish,
      refresh,
      send,
      subscribe,
      unsubscribe,
    } = pushIt.functions;
    const functions = { connect, disconnect, handshake, publish, refresh, send, subscribe, unsubscribe };
    new cloudwatch.Alarm(this, "Errors", {
      metric: new cloudwatch.MathExpression({
        expression: `SUM([${Object.keys(functions)
          .map((name) => `FILL(${name}, 0)`)
          .join(", ")}])`,
        usingMetrics: Object.fromEntries(Object.entries(functions).map(([name, fn]) => [name, fn.metricErrors()])),
        period: Duration.minutes(5),
      }),
      threshold: 1,
      evaluationPeriods: 1,
      treatMissingData: cloudwatch.TreatMissingData.NOT_BREACHING,
    });

    new CfnOutput(this, "Url", { value: pushIt.url });
  }
}

new ChatStack(new App(), "Chat");
