import type { ServerApiRequest, ServerApiResponse } from "../../protocol/index.js";
import { explain, isThrottle, PublisherError } from "./errors.js";

/** What is needed of a Lambda client: `new LambdaClient({ … })` of `@aws-sdk/client-lambda` has it. */
export interface LambdaLike {
  send(command: never): Promise<unknown>;
}

/** What an invocation gave. */
interface Invocation {
  FunctionError?: string;
  Payload?: Uint8Array;
}

/**
 * How long a connection to Lambda, and an answer, may take, in milliseconds: the function itself takes 28 seconds at
 * most.
 */
const CONNECT_MS = 3_000;
const ANSWER_MS = 30_000;

type Sdk = typeof import("@aws-sdk/client-lambda");

/** Loaded when it is first needed: it is in Lambda's Node runtimes, and who uses no Publisher need not install it. */
const loadSdk = async (): Promise<Sdk> => {
  try {
    return await import("@aws-sdk/client-lambda");
  } catch (cause) {
    throw new PublisherError("bad_request", "The AWS SDK is missing: npm install @aws-sdk/client-lambda", { cause });
  }
};

const requestHandler = { connectionTimeout: CONNECT_MS, requestTimeout: ANSWER_MS, throwOnRequestTimeout: true };

const jsonOf = (payload: Uint8Array | undefined): Record<string, unknown> => {
  try {
    const value: unknown = JSON.parse(new TextDecoder().decode(payload));
    return typeof value === "object" && value !== null ? { ...value } : {};
  } catch {
    return {};
  }
};

/** Invokes the publisher function, and waits for what it answers. */
export class Invoker {
  readonly #functionName: string;
  #client: LambdaLike | undefined;

  constructor(functionName: string, client: LambdaLike | undefined) {
    this.#functionName = functionName;
    this.#client = client;
  }

  /**
   * Sends one request. Only the SDK repeats it: when it is throttled, cannot connect, or gets no answer or a 5xx.
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
        `${this.#functionName} is another function. functionName is pushIt.publisherName.`,
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
      // Behind the SDK's retries, so that it sees each attempt: the last one's error says nothing of those before.
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
      throw explain(error, this.#functionName, mayHaveRun);
    }
  }

  #failed({ errorType, errorMessage }: Record<string, unknown>): PublisherError {
    const detail = [errorType, errorMessage].filter((each) => typeof each === "string").join(": ");
    return new PublisherError(
      "unavailable",
      `${this.#functionName} failed (${detail || "it says nothing"}). Its log says more.`,
    );
  }
}
