import type { EncryptedResource } from "../../assembly/model/encryption.js";
import type { Call } from "../../core/authorization/call.js";
import type { Place } from "../../core/place.js";

/** The KMS permissions that a service uses in its caller's name. */
interface KeyUse {
  /** The service's actions. */
  actions: RegExp;
  /** The KMS actions that it needs. */
  needs: readonly string[];
}

/**
 * DynamoDB caches a decrypted table key for five minutes for each caller. This check has no cache.
 * @see https://docs.aws.amazon.com/kms/latest/developerguide/services-dynamodb.html
 * @see https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-key-management.html
 * @see https://docs.aws.amazon.com/secretsmanager/latest/userguide/security-encryption.html
 */
const USES: readonly KeyUse[] = [
  { actions: /^dynamodb:/, needs: ["kms:Decrypt"] },
  { actions: /^sqs:SendMessage$/, needs: ["kms:GenerateDataKey", "kms:Decrypt"] },
  { actions: /^sqs:ReceiveMessage$/, needs: ["kms:Decrypt"] },
  { actions: /^secretsmanager:GetSecretValue$/, needs: ["kms:Decrypt"] },
];

/** The KMS permissions that a call needs, because its resource is encrypted with a customer-managed key. */
export const keyCalls = (
  { action, resource }: Call,
  encrypted: readonly EncryptedResource[],
  { region }: Place,
): Call[] => {
  const found = encrypted.find(({ arn }) => resource === arn || resource.startsWith(`${arn}/`));
  if (!found) return [];
  const service = action.replace(/:.*/, "");
  const needs = USES.filter(({ actions }) => actions.test(action)).flatMap((use) => use.needs);
  return needs.map((each) => ({
    action: each,
    resource: found.keyArn,
    context: { "kms:viaservice": `${service}.${region}.amazonaws.com` },
  }));
};
