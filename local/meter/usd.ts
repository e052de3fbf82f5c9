import type { MeterSnapshot } from "./counts.js";
import { PRICES } from "./prices.js";

/** The cost of the usage, in USD by kind. */
export interface Bill {
  messages: number;
  connectionMinutes: number;
  invocations: number;
  gbSeconds: number;
  readUnits: number;
  writeUnits: number;
  queueRequests: number;
  busEvents: number;
  total: number;
}

const MILLION = 1e6;

/** Prices the usage, without free tiers. */
export const priceOf = (used: Omit<MeterSnapshot, "functions">): Bill => {
  const { apiGateway, lambda, dynamodb, sqs, eventBridge } = PRICES;
  const bill = {
    messages: ((used.messagesIn + used.messagesOut) * apiGateway.messages) / MILLION,
    connectionMinutes: (used.connectionMinutes * apiGateway.connectionMinutes) / MILLION,
    invocations: (used.invocations * lambda.requests) / MILLION,
    gbSeconds: used.gbSeconds * lambda.gbSecond,
    readUnits: (used.readUnits * dynamodb.readUnits) / MILLION,
    writeUnits: (used.writeUnits * dynamodb.writeUnits) / MILLION,
    queueRequests: (used.queueRequests * sqs.requests) / MILLION,
    busEvents: (used.busEvents * eventBridge.events) / MILLION,
  };
  return { ...bill, total: Object.values(bill).reduce((sum, each) => sum + each, 0) };
};
