/** An error of SQS's protocol, with its current name and the older code that SDKs use. */
export class SqsError extends Error {
  override name = "SqsError";

  /**
   * @param type the exception's name
   * @param code the code from before SQS had a JSON protocol; SDKs use it as the error's code
   * @param message AWS's error message
   * @param status the HTTP status
   */
  constructor(
    readonly type: string,
    readonly code: string,
    message: string,
    readonly status = 400,
  ) {
    super(message);
  }
}

const OLD_PREFIX = "AWS.SimpleQueueService.";

const prefixed = (type: string, message: string, status?: number): SqsError =>
  new SqsError(type, OLD_PREFIX + type, message, status);

const invalidParameter = (message: string): SqsError =>
  new SqsError("InvalidParameterValueException", "InvalidParameterValue", message);

/** SQS's errors, with AWS's messages. */
export const Errors = {
  noQueue: () =>
    new SqsError("QueueDoesNotExist", `${OLD_PREFIX}NonExistentQueue`, "The specified queue does not exist."),
  missing: (name: string) =>
    new SqsError(
      "MissingRequiredParameterException",
      "MissingParameter",
      `The request must contain the parameter ${name}.`,
    ),
  serialization: (name: string) =>
    new SqsError("SerializationException", "SerializationException", `${name} has another type.`),
  invalid: (name: string, value: string | number, reason: string) =>
    invalidParameter(`Value ${value} for parameter ${name} is invalid. Reason: ${reason}`),
  tooLong: (bytes: number) =>
    invalidParameter(`One or more parameters are invalid. Reason: Message must be shorter than ${bytes} bytes.`),
  attribute: (message: string) => invalidParameter(message),
  contents: () =>
    new SqsError(
      "InvalidMessageContents",
      "InvalidMessageContents",
      "Invalid characters found. Valid unicode characters are #x9 | #xA | #xD | #x20 to #xD7FF | #xE000 to #xFFFD | #x10000 to #x10FFFF",
    ),
  receipt: (handle: string) =>
    new SqsError(
      "ReceiptHandleIsInvalid",
      "ReceiptHandleIsInvalid",
      `The input receipt handle "${handle}" is not a valid receipt handle.`,
      404,
    ),
  unavailable: (handle: string) =>
    Errors.invalid(
      "ReceiptHandle",
      handle,
      "Message does not exist or is not available for visibility timeout change.",
    ),
  noEntries: (what: string) => prefixed("EmptyBatchRequest", `There should be at least one ${what} in the request.`),
  manyEntries: (count: number) =>
    prefixed("TooManyEntriesInBatchRequest", `Maximum number of entries per request are 10. You have sent ${count}.`),
  sameIds: (id: string) => prefixed("BatchEntryIdsNotDistinct", `Id ${id} repeated.`),
  entryId: () =>
    prefixed(
      "InvalidBatchEntryId",
      "A batch entry id can only contain alphanumeric characters, hyphens and underscores. It can be at most 80 letters long.",
    ),
  batchTooLong: (limit: number, bytes: number) =>
    prefixed(
      "BatchRequestTooLong",
      `Batch requests cannot be longer than ${limit} bytes. You have sent ${bytes} bytes.`,
    ),
  attributeName: (name: string) =>
    new SqsError("InvalidAttributeName", "InvalidAttributeName", `Unknown Attribute ${name}.`),
  purging: (queue: string) =>
    prefixed("PurgeQueueInProgress", `Only one PurgeQueue operation on ${queue} is allowed every 60 seconds.`, 403),
  denied: (message: string) => new SqsError("AccessDeniedException", "AccessDenied", message, 403),
} as const;
