import type { EncryptedResource } from "../model/encryption.js";
import { resolve } from "../template/intrinsics.js";
import type { ResourceReader } from "./reader.js";

/** How resources name their encryption key, by type. */
const KEYS: Record<string, (properties: Record<string, unknown>) => unknown> = {
  "AWS::DynamoDB::Table": ({ SSESpecification: specification }) =>
    (specification as { KMSMasterKeyId?: unknown } | undefined)?.KMSMasterKeyId,
  "AWS::SQS::Queue": ({ KmsMasterKeyId: key }) => key,
  "AWS::SecretsManager::Secret": ({ KmsKeyId: key }) => key,
};

/** The ARN of such a resource. For a secret, `Ref` is its ARN. */
const arnOf = ({ scope }: ResourceReader, logicalId: string, type: string): string =>
  String(type === "AWS::SecretsManager::Secret" ? scope.lookup(logicalId) : scope.lookup(logicalId, "Arn"));

/**
 * The tables, queues and secrets of the stack whose template names a customer-managed key by ARN. Other keys are not
 * checked.
 */
export const readKeys = (reader: ResourceReader): EncryptedResource[] =>
  Object.entries(reader.stack.template.Resources ?? {}).flatMap(
    ([logicalId, { Type: type, Properties: properties = {} }]) => {
      const raw = KEYS[type]?.(properties);
      if (raw === undefined) return [];
      try {
        const keyArn = String(resolve(raw, reader.scope));
        return /^arn:[\w-]+:kms:.*:key\//.test(keyArn) ? [{ arn: arnOf(reader, logicalId, type), keyArn }] : [];
      } catch {
        // A key of another stack.
        return [];
      }
    },
  );
