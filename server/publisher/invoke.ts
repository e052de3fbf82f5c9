import type { ServerApiRequest, ServerApiResponse } from "../../protocol/index.js";
import { toPublisherError, isThrottle, PublisherError } from "./errors.js";

/** The part of a Lambda client that a Publisher uses. `new LambdaClient({ … })` of `@aws-sdk/client-lambda` has it. */
export interface LambdaLike {
  send(command: never): Promise<unknown>;
}

/** The result of an invocation. */
interface Invocation {
  FunctionError?: string;
  Payload?: Uint8Array;
}

/** How long a connection to Lambda and a response may take, in milliseconds. The function takes at most 28 seconds. */
const CONNECT_MS = 3_000;
const RESPONSE_MS = 30_000;

type Sdk = typeof import("@aws-sdk/client-lambda");

/** Loads the AWS SDK on first use, so that only users of a Publisher need it. Lambda's Node runtimes include it. */
const loadSdk = async (): Promise<Sdk> => {
  try {
    return await import("@aws-sdk/client-lambda");
  } catch (cause) {
    throw new PublisherError("bad_request", "The AWS SDK is missing: npm install @aws-sdk/client-lambda", { cause });
  }
};

const requestHandler = { connectionTimeout: CONNECT_MS, requestTimeout: RESPONSE_MS, throwOnRequestTimeout: true };

const jsonOf = (payload: Uint8Array | undefined): Record<string, unknown> => {
  try {
    const value: unknown = JSON.parse(new TextDecoder().decode(payload));
    return typeof value === "object" && value !== null ? { ...value } : {};
  } catch {
    return {};
  }
};

/** Invokes the publisher function, and waits for its response. */
export class Invoker {
  readonly #functionName: string;
  #client: LambdaLike | undefined;

  constructor(functionName: string, client: LambdaLike | undefined) {
    this.#functionName = functionName;
    this.#client = client;
  }

  /**
   * Sends one request. Only the AWS SDK retries it: if it is throttled, cannot connect, or gets no response or a 5xx.
   * @throws PublisherError
   */
  async invoke<Response extends ServerApiResponse>(
    request: ServerApiRequest,
  ): Promise<Exclude<Response, { code: string }>> {
    const { FunctionError, Payload } = await this.#send(JSON.stringify(request));
    const response = jsonOf(Payload);
    if (FunctionError !== undefined) throw this.#failed(response);
    const { code, error } = response;
    if (code === "bad_request" || code === "no_history" || code === "no_presence")
      throw new PublisherError(code, String(error));
    if (response["version"] !== request.version) {
      throw new PublisherError(
        "not_found",
        `${this.#functionName} is not the publisher function. Pass pushIt.publisherName as functionName.`,
      );
    }
    return response as unknown as Exclude<Response, { code: string }>;
  }

  async #send(payload: string): Promise<Invocation> {
    const { InvokeCommand, LambdaClient } = await loadSdk();
    let mayHaveRun = false;
    try {
      this.#client ??= new LambdaClient({ requestHandler }) as LambdaLike;
      const command = new InvokeCommand({
        FunctionName: this.#functionName,
        Payload: new TextEncoder().encode(payload),
      });
      // After the SDK's retries, so that it sees each attempt. The last error does not mention the earlier attempts.
      command.middlewareStack.add(
        (next) => async (args) => {
          try {
            return await next(args);
          } catch (error) {
            mayHaveRun ||= !isThrottle(error);
            throw error;
          }
        },
        { step: "finalizeRequest", priority: "low", name: "pushItAttempts" },
      );
      return (await this.#client.send(command as never)) as Invocation;
    } catch (error) {
      throw toPublisherError(error, this.#functionName, mayHaveRun);
    }
  }

  #failed({ errorType, errorMessage }: Record<string, unknown>): PublisherError {
    const detail = [errorType, errorMessage].filter((each) => typeof each === "string").join(": ");
    return new PublisherError(
      "unavailable",
      `${this.#functionName} failed (${detail || "without a message"}). See its log.`,
    );
  }
}
