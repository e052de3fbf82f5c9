/** How a back end outside the stack publishes. */
export interface BackEndModel {
  /** The user whose credentials it has. */
  userId: string;
  /** The publisher function. */
  functionId: string;
  functionName: string;
  /** Its function URL; absent: it has none. */
  urlId?: string;
}
