import { RemovalPolicy } from "aws-cdk-lib";
import { Annotations, Match, Template } from "aws-cdk-lib/assertions";
import * as dynamodb from "aws-cdk-lib/aws-dynamodb";
import * as kms from "aws-cdk-lib/aws-kms";
import { AccessLogs, type PushItProps } from "../../infra/index.js";
import { makePushIt, makeStack, only, readable, resourcesOf, synthesize } from "./synth.js";

const MANAGED = { encryption: dynamodb.TableEncryption.CUSTOMER_MANAGED };

/** The keys of all log groups, each once. */
const keysOf = (template: Template): unknown[] => [
  ...new Set(
    Object.values(resourcesOf(template, "AWS::Logs::LogGroup")).map(({ Properties }) =>
      JSON.stringify(readable(Properties.KmsKeyId)),
    ),
  ),
];

describe("log groups", () => {
  // This includes the log groups of access logs.
  test("are encrypted with the table's key if the props say so", () => {
    const template = synthesize({ ...MANAGED, logEncryption: true, accessLogs: AccessLogs.existingRole() });
    expect(keysOf(template)).toEqual(['"<TableKey.Arn>"']);
    expect(JSON.stringify(readable(only(template, "AWS::KMS::Key").Properties.KeyPolicy))).toContain(
      '"Condition":{"ArnLike":{"kms:EncryptionContext:aws:logs:arn":"arn:<AWS::Partition>:logs:<AWS::Region>:<AWS::AccountId>:log-group:*"}},' +
        '"Effect":"Allow","Principal":{"Service":"logs.<AWS::Region>.<AWS::URLSuffix>"}',
    );
  });

  test("are not encrypted by default, whatever key the table has", () => {
    expect(keysOf(synthesize(MANAGED))).toEqual([undefined]);
    expect(JSON.stringify(synthesize(MANAGED).toJSON())).not.toContain("aws:logs:arn");
  });

  test("can be encrypted with a key of the user's", () => {
    const stack = makeStack();
    makePushIt({ encryptionKey: new kms.Key(stack, "Key"), logEncryption: true }, stack);
    expect(keysOf(Template.fromStack(stack))).toEqual(['"<Key.Arn>"']);
  });

  test("with an imported key cause a warning about its policy", () => {
    const stack = makeStack();
    const encryptionKey = kms.Key.fromKeyArn(stack, "Key", "arn:aws:kms:eu-central-1:111122223333:key/1");
    makePushIt({ encryptionKey, logEncryption: true }, stack);
    Annotations.fromStack(stack).hasWarning("/Test/PushIt", Match.stringLikeRegexp("the policy of an imported key"));
  });

  test("need a key to be encrypted", () => {
    expect(() => makePushIt({ logEncryption: true })).toThrow(
      "PushIt: logEncryption needs a key: set encryptionKey, or encryption to",
    );
  });

  test("that are retained retain the key that was made", () => {
    const policyOf = (props: PushItProps) => only(synthesize({ ...MANAGED, ...props }), "AWS::KMS::Key").DeletionPolicy;
    expect(policyOf({ logEncryption: true })).toBe("Delete");
    expect(policyOf({ logEncryption: true, logRemovalPolicy: RemovalPolicy.RETAIN })).toBe("Retain");
    expect(policyOf({ logRemovalPolicy: RemovalPolicy.RETAIN })).toBe("Delete");
  });
});
