/** How an application server outside the stack publishes. */
export interface PublisherModel {
  /** The IAM user whose credentials the server has. */
  userId: string;
  /** The publisher function. */
  functionId: string;
  functionName: string;
  /** Its function URL; absent: it has none. */
  urlId?: string;
}
