import type { ExecutionEnvironments } from "../../../core/execution-environments.js";
import type { EngineForwarder, EngineResponse } from "./forwarder.js";
import type { AllowedRequest } from "./capacity.js";
import type { IncomingMessage, ServerResponse } from "node:http";

/** A call of a function to DynamoDB that is permitted. */
export interface DynamoDbCall extends AllowedRequest {
  /** The function's logical id. */
  functionId: string;
}

/** The outcome that a test chooses for a call; see {@link DynamoDbFaults.onCall}. */
export type DynamoDbFault = "throttle" | "fail" | "failAfter" | "killBefore" | "killAfter" | "freeze";

/** Faults of DynamoDB and of its callers. Normal runs use none. */
export interface DynamoDbFaults {
  /**
   * Called before a call is forwarded.
   * - `throttle`: 400, ProvisionedThroughputExceededException.
   * - `fail`: 500, and nothing was done.
   * - `failAfter`: 500 although the call was done.
   * - `killBefore`: the caller's environment is killed before the call is done.
   * - `killAfter`: it is killed after the call, before the caller receives the response.
   * - `freeze`: the call is done, and then the caller's environment freezes until its function times out.
   */
  onCall?(call: DynamoDbCall): DynamoDbFault | undefined;
}

/** The faults, and the environments that they affect. */
export interface FaultInjection {
  faults: DynamoDbFaults;
  environments: ExecutionEnvironments;
}

const CONTENT = { "content-type": "application/x-amz-json-1.0" };

const NAMESPACE = "com.amazonaws.dynamodb.v20120810#";

const respondError = (response: ServerResponse, status: number, type: string, message: string): void =>
  void response.writeHead(status, CONTENT).end(JSON.stringify({ __type: NAMESPACE + type, message }));

/** Has a call meet its fault. */
export const injectFault = async (
  fault: DynamoDbFault,
  { request, body, response }: { request: IncomingMessage; body: Buffer; response: ServerResponse },
  { accessKeyId }: AllowedRequest,
  engine: EngineForwarder,
  environments: ExecutionEnvironments,
): Promise<void> => {
  const done = (): Promise<EngineResponse> => engine.ask(request, body);
  const fail = (): void => respondError(response, 500, "InternalServerError", "Internal server error");
  switch (fault) {
    case "throttle":
      return respondError(
        response,
        400,
        "ProvisionedThroughputExceededException",
        "The level of configured provisioned throughput for the table was exceeded.",
      );
    case "fail":
      return fail();
    case "failAfter":
      await done();
      return fail();
    case "killAfter":
      await done();
      environments.kill(accessKeyId);
      return void response.destroy();
    case "killBefore":
      environments.kill(accessKeyId);
      return void response.destroy();
    case "freeze": {
      const { status, headers, body: told } = await done();
      environments.freeze(accessKeyId);
      response.writeHead(status, { ...headers, "content-length": told.length }).end(told);
    }
  }
};
