import { Duration } from "aws-cdk-lib";
import * as dynamodb from "aws-cdk-lib/aws-dynamodb";
import * as kms from "aws-cdk-lib/aws-kms";
import { FUNCTION_NAMES } from "../../../infra/functions/registry.js";
import { makeStack, synthesize } from "../synth.js";
import { EXPECTED, permissions, withLogs } from "./expected-permissions.js";

describe("a customer's key", () => {
  const read = ["kms:Decrypt", "kms:DescribeKey"];
  const write = [...read, "kms:Encrypt", "kms:GenerateDataKey", "kms:ReEncryptFrom", "kms:ReEncryptTo"];
  const readers = ["DefaultRoute", "Handshake", "Ping", "Heartbeat"];

  const expectKey = (template: ReturnType<typeof synthesize>, key: string) => {
    const actual = permissions(template);
    for (const name of Object.keys(EXPECTED)) {
      const actions = [...(readers.includes(name) ? read : write)].sort();
      expect([name, actual[name]]).toEqual([name, { ...withLogs(name), [key]: actions }]);
    }
  };

  test("is granted to every function: readers read, writers write", () => {
    const stack = makeStack();
    const key = new kms.Key(stack, "Key");
    const template = synthesize({ encryptionKey: key }, stack);
    expectKey(template, "<Key.Arn>");
    template.hasResourceProperties("AWS::DynamoDB::Table", { SSESpecification: { SSEEnabled: true, SSEType: "KMS" } });
  });

  test("is granted to functions that only some channels need", () => {
    const stack = makeStack();
    const channels = { "all/*": { history: {}, presence: { state: true }, linger: Duration.millis(250) } };
    const actual = permissions(synthesize({ encryptionKey: new kms.Key(stack, "Key"), channels }, stack));
    const keys = Object.fromEntries(Object.entries(actual).map(([name, resources]) => [name, resources["<Key.Arn>"]]));
    // A ping renews presence.
    const reading = ["DefaultRoute", "Handshake", "Presence"];
    expect(Object.keys(keys)).toHaveLength(FUNCTION_NAMES.length);
    for (const [name, actions] of Object.entries(keys))
      expect([name, actions]).toEqual([name, [...(reading.includes(name) ? read : write)].sort()]);
  });

  test("is made if none is given, with the same grants", () => {
    const template = synthesize({ encryption: dynamodb.TableEncryption.CUSTOMER_MANAGED });
    expectKey(template, "<TableKey.Arn>");
  });
});
