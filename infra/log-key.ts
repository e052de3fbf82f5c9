import { Annotations, Stack } from "aws-cdk-lib";
import * as iam from "aws-cdk-lib/aws-iam";
import type * as kms from "aws-cdk-lib/aws-kms";
import type { IConstruct } from "constructs";
import { validationError } from "./props/validation-error.js";

/**
 * The key that log groups are encrypted with, after CloudWatch Logs was permitted to use it; none if the props do not
 * ask for it.
 * @see https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/encrypt-log-data-kms.html
 */
export const logKeyOf = (
  scope: IConstruct,
  logEncryption: boolean | undefined,
  key: kms.IKey | undefined,
): kms.IKey | undefined => {
  if (!logEncryption) return undefined;
  if (!key)
    throw validationError(
      scope,
      "logEncryption needs a key: set encryptionKey, or encryption to TableEncryption.CUSTOMER_MANAGED",
    );
  const { partition, region, account, urlSuffix } = Stack.of(scope);
  const { statementAdded } = key.addToResourcePolicy(
    new iam.PolicyStatement({
      principals: [new iam.ServicePrincipal(`logs.${region}.${urlSuffix}`)],
      actions: ["kms:Encrypt*", "kms:Decrypt*", "kms:ReEncrypt*", "kms:GenerateDataKey*", "kms:Describe*"],
      // Of a key policy, the key itself.
      resources: ["*"],
      conditions: {
        ArnLike: { "kms:EncryptionContext:aws:logs:arn": `arn:${partition}:logs:${region}:${account}:log-group:*` },
      },
    }),
    true,
  );
  if (!statementAdded) {
    Annotations.of(scope).addWarningV2(
      "push-it-aws:logKeyPolicy",
      "logEncryption: the policy of an imported key cannot be changed from here. It has to permit " +
        "logs.REGION.amazonaws.com to use the key, or the deployment fails. Acknowledge this warning when it does.",
    );
  }
  return key;
};
