import { Annotations as Warnings, Duration, RemovalPolicy } from "aws-cdk-lib";
import { Annotations, Match, Template } from "aws-cdk-lib/assertions";
import * as dynamodb from "aws-cdk-lib/aws-dynamodb";
import * as kms from "aws-cdk-lib/aws-kms";
import { AwsSolutionsChecks } from "cdk-nag";
import type { PushItProps } from "../../infra/index.js";
import { makePushIt, makeStack, only, synthesize } from "./synth.js";

const CHANNELS = { "plain/*": { presence: true }, "rooms/*": { history: { size: 10, ttl: Duration.hours(1) } } };
const DESTROYED = Match.stringLikeRegexp("all stored messages are deleted");

/** The properties that prevent data loss: policies, protection and backups of the table. */
const kept = (props: PushItProps, stack = makeStack()) => {
  const table = only(synthesize(props, stack), "AWS::DynamoDB::Table") as ReturnType<typeof only> & {
    UpdateReplacePolicy?: string;
  };
  const { DeletionProtectionEnabled, PointInTimeRecoverySpecification } = table.Properties;
  return {
    policies: [table.DeletionPolicy, table.UpdateReplacePolicy],
    isProtected: DeletionProtectionEnabled ?? false,
    restorable: (PointInTimeRecoverySpecification as { PointInTimeRecoveryEnabled: boolean })
      .PointInTimeRecoveryEnabled,
  };
};

const RETAINED = { policies: ["Retain", "Retain"], isProtected: true, restorable: true };
const DELETED = { policies: ["Delete", "Delete"], isProtected: false, restorable: false };

describe("a table with a history", () => {
  test("is retained, protected and restorable, whichever channel has the history", () => {
    expect(kept({ channels: CHANNELS })).toEqual(RETAINED);
  });

  test("is not if the props say so, in each respect alone", () => {
    expect(kept({ channels: CHANNELS, removalPolicy: RemovalPolicy.DESTROY })).toEqual({
      ...DELETED,
      restorable: true,
    });
    expect(kept({ channels: CHANNELS, pointInTimeRecovery: false })).toEqual({ ...RETAINED, restorable: false });
    expect(kept({ channels: CHANNELS, deletionProtection: false })).toEqual({ ...RETAINED, isProtected: false });
    expect(
      kept({ channels: CHANNELS, removalPolicy: RemovalPolicy.DESTROY, deletionProtection: true }).isProtected,
    ).toBe(true);
  });

  test("warns if it would be destroyed, until acknowledged", () => {
    const warned = makeStack();
    makePushIt({ channels: CHANNELS, removalPolicy: RemovalPolicy.DESTROY }, warned);
    Annotations.fromStack(warned).hasWarning("/Test/PushIt", DESTROYED);
    const silent = makeStack();
    const pushIt = makePushIt({ channels: CHANNELS, removalPolicy: RemovalPolicy.DESTROY }, silent);
    Warnings.of(pushIt).acknowledgeWarning("push-it-aws:historyDestroyed", "It is a demo");
    Annotations.fromStack(silent).hasNoWarning("*", DESTROYED);
  });

  test("does not warn otherwise", () => {
    for (const props of [{ channels: CHANNELS }, { removalPolicy: RemovalPolicy.DESTROY }]) {
      const stack = makeStack();
      makePushIt(props, stack);
      Annotations.fromStack(stack).hasNoWarning("*", DESTROYED);
    }
  });
});

describe("a table without a history", () => {
  test("is deleted with the construct", () => {
    expect(kept({})).toEqual(DELETED);
    expect(kept({ channels: { "plain/*": { presence: true, latest: true } } })).toEqual(DELETED);
  });

  test("is retained, protected and restorable if the props say so", () => {
    expect(kept({ removalPolicy: RemovalPolicy.RETAIN, deletionProtection: true, pointInTimeRecovery: true })).toEqual(
      RETAINED,
    );
  });
});

// A user who turns backups off then has to suppress the rule.
test("cdk-nag's DDB3 is suppressed only without a history", () => {
  const found = (props: PushItProps): string[] => {
    const stack = makeStack();
    makePushIt(props, stack);
    return new AwsSolutionsChecks().validateScope(stack).violations.map(({ ruleName }) => ruleName);
  };
  expect(found({ channels: CHANNELS })).toEqual([]);
  expect(found({ channels: CHANNELS, pointInTimeRecovery: false })).toEqual(["AwsSolutions-DDB3"]);
  expect(found({ pointInTimeRecovery: false })).toEqual([]);
});

describe("a key that the construct made", () => {
  const keyOf = (props: PushItProps): string | undefined =>
    only(synthesize({ encryption: dynamodb.TableEncryption.CUSTOMER_MANAGED, ...props }), "AWS::KMS::Key")
      .DeletionPolicy;

  test("is deleted and retained like its table", () => {
    expect(keyOf({})).toBe("Delete");
    expect(keyOf({ removalPolicy: RemovalPolicy.RETAIN })).toBe("Retain");
    expect(keyOf({ channels: CHANNELS })).toBe("Retain");
    expect(keyOf({ channels: CHANNELS, removalPolicy: RemovalPolicy.DESTROY })).toBe("Delete");
  });

  test("differs from a key of the user, which stays unchanged", () => {
    const stack = makeStack();
    makePushIt({ encryptionKey: new kms.Key(stack, "Key") }, stack);
    expect(only(Template.fromStack(stack), "AWS::KMS::Key").DeletionPolicy).toBe("Retain");
  });
});
