import { Annotations, Stack } from "aws-cdk-lib";
import * as iam from "aws-cdk-lib/aws-iam";
import type * as kms from "aws-cdk-lib/aws-kms";
import type { IConstruct } from "constructs";
import { validationError } from "./props/validation-error.js";

/**
 * The key of the log groups, or `undefined` if the props do not set `logEncryption`. Permits CloudWatch Logs to use the
 * key.
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
      // In a key policy, this is the key itself.
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
      "logEncryption: the construct cannot change the policy of an imported key. The policy must permit " +
        "logs.REGION.amazonaws.com to use the key, or the deployment fails. Acknowledge this warning when it does.",
    );
  }
  return key;
};
