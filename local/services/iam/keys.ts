import type { EncryptedResource } from "../../assembly/model/encryption.js";
import type { Call } from "../../core/authorization/call.js";
import type { Place } from "../../core/place.js";

/** What a service asks of a customer's key, in the name of whoever calls it. */
interface KeyUse {
  /** The service's actions. */
  actions: RegExp;
  /** What it needs of the key. */
  needs: readonly string[];
}

/**
 * DynamoDB keeps what it has decrypted of a table's key for five minutes for each caller; here it is asked each time.
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

/** What a call needs besides, because what it is about is under a customer's key. */
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
