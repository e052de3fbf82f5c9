// The app whose template a release keeps: the construct as it is, and with everything that it can have.
import { App, Duration, Stack } from "aws-cdk-lib";
import { Key } from "aws-cdk-lib/aws-kms";
import { Guards, PushIt } from "../infra/index.js";

const app = new App();

new PushIt(new Stack(app, "Plain"), "PushIt");

const everything = new Stack(app, "Everything");
new PushIt(everything, "PushIt", {
  guards: Guards.fromModule("examples/guards.ts"),
  wildcards: ["rooms/*", "stocks/*"],
  channels: {
    "rooms/*": { history: { size: 1_000, ttl: Duration.days(1) }, presence: true },
    "stocks/*": { latest: true },
    "busy/*": { linger: Duration.millis(200) },
  },
  allowedOrigins: ["https://example.com"],
  encryptionKey: new Key(everything, "Key"),
});
