const SEPARATOR = " ";

/**
 * The handle with which a receiver deletes a message.
 * @param key the entry's key within its queue
 * @param nonce different for each delivery
 */
export const receiptHandle = (key: string, nonce: string): string =>
  Buffer.from(`${key}${SEPARATOR}${nonce}`).toString("base64");

/** The key within a receipt handle; `undefined`: it cannot be one. */
export const keyOfHandle = (handle: string): string | undefined => {
  const [key, nonce, ...more] = Buffer.from(handle, "base64").toString().split(SEPARATOR);
  return key && nonce && more.length === 0 ? key : undefined;
};
