import { Annotations, RemovalPolicy } from "aws-cdk-lib";
import * as dynamodb from "aws-cdk-lib/aws-dynamodb";
import type { Construct } from "constructs";
import { someChannel } from "../protocol/channel-settings.js";
import type { Settings } from "../lambdas/settings.js";
import { acknowledge } from "./nag.js";
import type { PushItProps } from "./props/push-it-props.js";

/** The warning that a history is deleted with the construct, for `acknowledgeWarning`. */
const HISTORY_DESTROYED = "push-it-aws:historyDestroyed";

/**
 * The table. Without a history its rows describe open sockets, so it may go with the construct. A history is data that
 * exists nowhere else. So a table with a history is kept unless the props say otherwise.
 */
export const makeTable = (
  scope: Construct,
  props: PushItProps,
  { channels }: Pick<Settings, "channels">,
): dynamodb.Table => {
  const history = someChannel(channels, (options) => options.history);
  const removalPolicy = props.removalPolicy ?? (history ? RemovalPolicy.RETAIN : RemovalPolicy.DESTROY);
  const restorable = props.pointInTimeRecovery ?? history;
  const table = new dynamodb.Table(scope, "Table", {
    partitionKey: { name: "pk", type: dynamodb.AttributeType.STRING },
    sortKey: { name: "sk", type: dynamodb.AttributeType.STRING },
    billingMode: dynamodb.BillingMode.PAY_PER_REQUEST,
    timeToLiveAttribute: "ttl",
    encryption: props.encryption,
    encryptionKey: props.encryptionKey,
    // With DESTROY the user permits the deletion of the table. Protection would only make the removal fail.
    deletionProtection: props.deletionProtection ?? (history && removalPolicy !== RemovalPolicy.DESTROY),
    removalPolicy,
  });
  // Not by the table's own prop: an older CDK ignores that.
  (table.node.defaultChild as dynamodb.CfnTable).pointInTimeRecoverySpecification = {
    pointInTimeRecoveryEnabled: restorable,
  };
  // The key that the construct made is useless without the table. The table is lost without the key, and so are logs
  // that are kept.
  const keepsLogs =
    props.logEncryption && props.logRemovalPolicy !== undefined && props.logRemovalPolicy !== RemovalPolicy.DESTROY;
  if (!props.encryptionKey) table.encryptionKey?.applyRemovalPolicy(keepsLogs ? RemovalPolicy.RETAIN : removalPolicy);
  if (!history) acknowledge(table, "AwsSolutions-DDB3", NOT_RESTORABLE);
  if (history && removalPolicy === RemovalPolicy.DESTROY) {
    Annotations.of(scope).addWarningV2(
      HISTORY_DESTROYED,
      "Channels have `history`, and `removalPolicy` is DESTROY: all stored messages are deleted when this construct is " +
        "removed or renamed. Leave `removalPolicy` out to keep the table, or acknowledge this warning.",
    );
  }
  return table;
};

/** Why a table without a history needs no point-in-time recovery. */
const NOT_RESTORABLE =
  "No channel has a history, so rows describe open sockets, their subscriptions and messages of the last day; a restored " +
  "table would describe closed sockets. The prop pointInTimeRecovery turns it on";
