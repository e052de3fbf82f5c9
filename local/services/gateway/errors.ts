/** API Gateway's own error messages for clients. */
export const ErrorMessages = {
  failed: "Internal server error",
  forbidden: "Forbidden",
  throttled: "Too Many Requests",
} as const;

/** The frame and the error body that API Gateway itself sends, without a function. */
export const errorFrame = (message: string, connectionId: string, requestId: string): string =>
  JSON.stringify({ message, connectionId, requestId });
