/** An answer of `@connections` other than success. */
export interface ManagementError {
  status: number;
  /** `x-amzn-ErrorType`: the SDK makes its exception from it. */
  type: string;
  /** The answer's `message`; absent: an empty body, as AWS answers a 410. */
  message?: string;
  /** The name of the message field. @default "message" */
  messageKey?: "message" | "Message";
}

/** The errors of `@connections`. */
export const Errors = {
  gone: { status: 410, type: "GoneException" },
  tooLarge: { status: 413, type: "PayloadTooLargeException", message: "Message too long" },
  limit: { status: 429, type: "LimitExceededException", message: "Too Many Requests" },
  failed: { status: 500, type: "InternalServerErrorException", message: "Internal server error" },
  badId: { status: 400, type: "BadRequestException", message: "Invalid connectionId" },
  unsigned: {
    status: 403,
    type: "MissingAuthenticationTokenException",
    message: "Missing Authentication Token",
  },
  incomplete: { status: 403, type: "IncompleteSignatureException", message: "Authorization header is incomplete" },
  unknownKey: {
    status: 403,
    type: "UnrecognizedClientException",
    message: "The security token included in the request is invalid.",
  },
  badSignature: {
    status: 403,
    type: "InvalidSignatureException",
    message: "The request signature we calculated does not match the signature you provided.",
  },
  expired: { status: 403, type: "InvalidSignatureException", message: "Signature expired." },
  method: { status: 405, type: "MethodNotAllowedException", message: "Method Not Allowed" },
} as const satisfies Record<string, ManagementError>;

/**
 * The error for a caller without permission. AWS writes `Message` here, but `message` in other errors.
 * @see https://github.com/aws/aws-cdk/issues/18410
 */
export const denied = (message: string): ManagementError => ({
  status: 403,
  type: "AccessDeniedException",
  message,
  messageKey: "Message",
});
