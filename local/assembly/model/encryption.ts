/** A resource that is encrypted with a customer-managed key. Its callers need permission for the key, too. */
export interface EncryptedResource {
  arn: string;
  keyArn: string;
}
