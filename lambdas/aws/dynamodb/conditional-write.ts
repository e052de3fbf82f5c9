import { ConditionalCheckFailedException } from "@aws-sdk/client-dynamodb";

/** The output of a write; `undefined` if its condition was not met. */
export const conditionally = async <Output>(write: Promise<Output>): Promise<Output | undefined> => {
  try {
    return await write;
  } catch (error) {
    if (error instanceof ConditionalCheckFailedException) return undefined;
    throw error;
  }
};

/** Whether a write's condition was met. */
export const met = async (write: Promise<unknown>): Promise<boolean> => (await conditionally(write)) !== undefined;
