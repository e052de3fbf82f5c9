/** What API Gateway itself tells a client about a request. */
export const ErrorMessages = {
  failed: "Internal server error",
  forbidden: "Forbidden",
  throttled: "Too Many Requests",
} as const;

/** API Gateway's own frame, and the body of its own refusals: the only ones a client gets without a function. */
export const errorFrame = (message: string, connectionId: string, requestId: string): string =>
  JSON.stringify({ message, connectionId, requestId });
