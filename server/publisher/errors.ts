import type { Code, PublishResult } from "../../protocol/index.js";

/**
 * What went wrong, for programs: a code of docs/PROTOCOL.md that refused a message, or
 *
 * - `bad_request`: the request, or how the Publisher was made, is wrong;
 * - `forbidden`: these credentials may not invoke the function, or there are none;
 * - `not_found`: there is no such function in this Region and account;
 * - `throttled`: the function ran too often at once, in every attempt; nothing was done;
 * - `unavailable`: it could not be reached, or failed; what was asked for may have been done in part.
 */
export type PublisherErrorCode = Code | "bad_request" | "forbidden" | "not_found" | "throttled";

/** Why a `Publisher` could not do what was asked. `cause` is what the AWS SDK threw, if it did. */
export class PublisherError extends Error {
  override name = "PublisherError";
  readonly code: PublisherErrorCode;
  /**
   * What is known to have become of the entries of a list, in their order: fewer than there were entries, when a later
   * request of several failed. Empty otherwise.
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

  /** Whether asking again, later, can help. */
  get retryable(): boolean {
    return this.code === "unavailable" || this.code === "throttled" || this.code === "channel_busy";
  }
}

/** AWS's error for what it did not run. */
const THROTTLED = "TooManyRequestsException";

/** AWS's errors by their names, and what whoever reads them can do. */
const KNOWN: Record<string, (functionName: string) => [PublisherErrorCode, string]> = {
  AccessDeniedException: (name) => [
    "forbidden",
    `These credentials may not invoke ${name}. Grant it: pushIt.grantPublish(grantee).`,
  ],
  ResourceNotFoundException: (name) => [
    "not_found",
    `There is no function ${name} in this Region and account. functionName is pushIt.publisherName.`,
  ],
  [THROTTLED]: (name) => ["throttled", `${name} is invoked too often at once. Try again later.`],
  CredentialsProviderError: () => [
    "forbidden",
    "There are no AWS credentials. Run this with a role, or configure a profile.",
  ],
};

/** Names of errors that say that credentials are no good. */
const CREDENTIALS =
  /^(UnrecognizedClient|ExpiredToken|InvalidSignature|IncompleteSignature|MissingAuthenticationToken|InvalidClientTokenId)/;

/** Whether an attempt that failed like this cannot have run the function. */
export const isThrottle = (error: unknown): boolean => error instanceof Error && error.name === THROTTLED;

/**
 * An error of the AWS SDK, in terms of what to do about it.
 * @param mayHaveRun whether an attempt before this error may have run the function
 */
export const explain = (error: unknown, functionName: string, mayHaveRun = false): PublisherError => {
  const { name = "", message = "" } = error instanceof Error ? error : {};
  if (isThrottle(error) && mayHaveRun) {
    const said = `${functionName} is invoked too often at once, and an attempt before may have done what was asked.`;
    return new PublisherError("unavailable", said, { cause: error });
  }
  const known = KNOWN[name]?.(functionName);
  if (known) return new PublisherError(...known, { cause: error });
  if (CREDENTIALS.test(name))
    return new PublisherError("forbidden", `The AWS credentials are not valid: ${message}`, { cause: error });
  if (message === "Region is missing") {
    return new PublisherError("bad_request", "There is no AWS Region. Set AWS_REGION, or give a client.", {
      cause: error,
    });
  }
  return new PublisherError("unavailable", `${functionName} could not be reached: ${message || String(error)}`, {
    cause: error,
  });
};
