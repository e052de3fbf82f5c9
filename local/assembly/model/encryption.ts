/** A resource whose content is under a customer's key: who uses it needs that key, too. */
export interface EncryptedResource {
  arn: string;
  keyArn: string;
}
