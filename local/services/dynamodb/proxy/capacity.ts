import type { IncomingMessage, ServerResponse } from "node:http";
import { type Units, unitsOf } from "../capacity/units.js";
import type { Partitions } from "../capacity/partitions.js";
import { messageOf } from "../../../core/user-error.js";
import type { EngineForwarder, EngineResponse } from "./forwarder.js";

/** Meters the functions' calls to DynamoDB. */
export interface DynamoDbMeter {
  /**
   * A caller calls DynamoDB.
   * @returns a function that is called after the response
   */
  call(accessKeyId: string, kind: "dynamoDb"): () => void;
  /** Called with the consumed units of a call. */
  units(accessKeyId: string, units: Units): void;
}

/** A request that may pass. */
export interface AllowedRequest {
  accessKeyId: string;
  /** Such as `GetItem`. */
  operation: string;
  asked: Record<string, unknown>;
}

/** The meter that counts capacity, and the limits that throttle it. */
export interface CapacityControl {
  meter?: DynamoDbMeter | undefined;
  partitions?: Partitions | undefined;
}

type Json = Record<string, unknown>;

/** Operations that can report their consumed capacity. */
const REPORTING =
  /^(?:Batch)?(?:Get|Write)Item$|^(?:Put|Update|Delete)Item$|^Query$|^Scan$|^Transact|^ExecuteStatement$/;

/**
 * Forwards a request and its response, and counts the capacity. The engine always reports the capacity; if the caller
 * did not ask for it, the report is removed from the response.
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
  // The checksum belongs to the engine's original body.
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
