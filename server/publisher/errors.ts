import type { Code, PublishResult } from "../../protocol/index.js";

/**
 * Why a request failed, for programs. A rejected message has a code of docs/PROTOCOL.md. The other codes are:
 *
 * - `bad_request`: the request or the options of the Publisher are invalid.
 * - `forbidden`: these credentials may not invoke the function, or there are none.
 * - `not_found`: there is no such function in this Region and account.
 * - `throttled`: too many invocations ran at once, in every attempt. The request had no effect.
 * - `unavailable`: the function could not be reached, or failed. The request may have succeeded in part.
 */
export type PublisherErrorCode = Code | "bad_request" | "forbidden" | "not_found" | "throttled";

/** A request of a `Publisher` failed. `cause` is the error of the AWS SDK, if there was one. */
export class PublisherError extends Error {
  override name = "PublisherError";
  readonly code: PublisherErrorCode;
  /**
   * The known results of a list's messages, in their order. If a later request of several failed, there are fewer
   * results than messages. Empty otherwise.
   */
  readonly results: readonly PublishResult[];

  constructor(
    code: PublisherErrorCode,
    message: string,
    details: { results?: readonly PublishResult[]; cause?: unknown } = {},
  ) {
    super(message, "cause" in details ? { cause: details.cause } : {});
    this.code = code;
    this.results = details.results ?? [];
  }

  /** Whether the same request may succeed later. */
  get retryable(): boolean {
    return this.code === "unavailable" || this.code === "throttled" || this.code === "channel_busy";
  }
}

/** AWS's error for an invocation that it did not run. */
const THROTTLED = "TooManyRequestsException";

/** AWS's errors by their names, with a code and a message that says what to do. */
const KNOWN: Record<string, (functionName: string) => [PublisherErrorCode, string]> = {
  AccessDeniedException: (name) => [
    "forbidden",
    `These credentials may not invoke ${name}. Grant it: pushIt.grantPublish(grantee).`,
  ],
  ResourceNotFoundException: (name) => [
    "not_found",
    `There is no function ${name} in this Region and account. Pass pushIt.publisherName as functionName.`,
  ],
  [THROTTLED]: (name) => ["throttled", `Too many invocations of ${name} run at once. Try again later.`],
  CredentialsProviderError: () => [
    "forbidden",
    "There are no AWS credentials. Run this with a role, or configure a profile.",
  ],
};

/** The beginnings of the names of AWS's errors about invalid credentials. */
const CREDENTIALS =
  /^(UnrecognizedClient|ExpiredToken|InvalidSignature|IncompleteSignature|MissingAuthenticationToken|InvalidClientTokenId)/;

/** Whether a failed attempt cannot have run the function. */
export const isThrottle = (error: unknown): boolean => error instanceof Error && error.name === THROTTLED;

/**
 * An error of the AWS SDK as a `PublisherError` that says what to do.
 * @param mayHaveRun whether an attempt before this error may have run the function
 */
export const toPublisherError = (error: unknown, functionName: string, mayHaveRun = false): PublisherError => {
  const { name = "", message = "" } = error instanceof Error ? error : {};
  if (isThrottle(error) && mayHaveRun) {
    const reason = `Too many invocations of ${functionName} run at once. An earlier attempt may have succeeded.`;
    return new PublisherError("unavailable", reason, { cause: error });
  }
  const known = KNOWN[name]?.(functionName);
  if (known) return new PublisherError(...known, { cause: error });
  if (CREDENTIALS.test(name))
    return new PublisherError("forbidden", `The AWS credentials are not valid: ${message}`, { cause: error });
  if (message === "Region is missing") {
    return new PublisherError("bad_request", "There is no AWS Region. Set AWS_REGION, or pass a client.", {
      cause: error,
    });
  }
  return new PublisherError("unavailable", `${functionName} could not be reached: ${message || String(error)}`, {
    cause: error,
  });
};
