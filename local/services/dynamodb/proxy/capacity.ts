import type { IncomingMessage, ServerResponse } from "node:http";
import { type Units, unitsOf } from "../capacity/units.js";
import type { Partitions } from "../capacity/partitions.js";
import { messageOf } from "../../../core/user-error.js";
import type { EngineForwarder, EngineResponse } from "./forwarder.js";

/** Is told what functions ask of DynamoDB, for what AWS bills. */
export interface DynamoDbMeter {
  /**
   * Somebody calls.
   * @returns is called when the call is answered
   */
  call(accessKeyId: string, kind: "dynamoDb"): () => void;
  /** What a call has consumed. */
  units(accessKeyId: string, units: Units): void;
}

/** A request that may pass. */
export interface AllowedRequest {
  accessKeyId: string;
  /** Such as `GetItem`. */
  operation: string;
  asked: Record<string, unknown>;
}

/** What looks at capacity: who counts it, and who bounds it. */
export interface CapacityControl {
  meter?: DynamoDbMeter | undefined;
  partitions?: Partitions | undefined;
}

type Json = Record<string, unknown>;

/** Operations that report what they consumed, where they are asked to. */
const REPORTING =
  /^(?:Batch)?(?:Get|Write)Item$|^(?:Put|Update|Delete)Item$|^Query$|^Scan$|^Transact|^ExecuteStatement$/;

/**
 * Passes a request on and its answer back, and has its capacity counted: the engine is asked for it where the caller
 * has not asked, and the caller does not see it then.
 */
export const forwardMetered = async (
  request: IncomingMessage,
  response: ServerResponse,
  allowed: AllowedRequest,
  engine: EngineForwarder,
  watch: CapacityControl,
): Promise<void> => {
  const end = watch.meter?.call(allowed.accessKeyId, "dynamoDb");
  try {
    const { answer, units } = await exchange(request, allowed, engine, watch);
    if (units) watch.meter?.units(allowed.accessKeyId, units);
    // Before the caller can know of it, and make its next call.
    end?.();
    response.writeHead(answer.status, { ...answer.headers, "content-length": answer.body.length }).end(answer.body);
  } catch (error) {
    end?.();
    response.writeHead(502).end(messageOf(error));
  }
};

const exchange = async (
  request: IncomingMessage,
  { operation, asked }: AllowedRequest,
  engine: EngineForwarder,
  { partitions }: CapacityControl,
): Promise<{ answer: EngineResponse; units?: Units }> => {
  const admission = partitions?.admit(operation, asked) ?? { request: asked };
  if ("throttled" in admission) return { answer: jsonAnswer(400, admission.throttled) };
  const sent = admission.request;
  if (!REPORTING.test(operation)) return { answer: await engine.ask(request, bytesOf(sent)) };
  const wanted = asked.ReturnConsumedCapacity;
  const isWanted = wanted === "TOTAL" || wanted === "INDEXES";
  const answer = await engine.ask(request, bytesOf(isWanted ? sent : { ...sent, ReturnConsumedCapacity: "TOTAL" }));
  const parsed = parse(answer.body);
  if (!parsed) return { answer };
  const units = unitsOf({ operation, request: sent, status: answer.status, answer: parsed });
  partitions?.spend(operation, sent, units);
  const { ConsumedCapacity: consumed, ...rest } = admission.complete?.(parsed) ?? parsed;
  const body = bytesOf(isWanted && consumed !== undefined ? { ConsumedCapacity: consumed, ...rest } : rest);
  // The digest was of what the engine sent.
  const { "x-amz-crc32": _, ...headers } = answer.headers;
  return { answer: { status: answer.status, headers, body }, units };
};

const bytesOf = (value: Json): Buffer => Buffer.from(JSON.stringify(value));

const jsonAnswer = (status: number, body: Json): EngineResponse => ({
  status,
  headers: { "content-type": "application/x-amz-json-1.0" },
  body: bytesOf(body),
});

const parse = (body: Buffer): Json | undefined => {
  try {
    return JSON.parse(body.toString()) as Json;
  } catch {
    return undefined;
  }
};
