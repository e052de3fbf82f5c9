import { COMPUTE_MS, DECLARED_MS } from "../../../local/meter/latency.js";
import { READ_UNIT_BYTES } from "../../../local/commands/check/account/work.js";
import { MESSAGE_METER_BYTES, PRICES, meteredUnits } from "../../../local/meter/prices.js";
import type { Load } from "./scenario.js";

/**
 * The cost of one publication with AppSync Events, in USD, without handlers. The publication and each delivery are one
 * operation each, in steps of 5 KB.
 * @see https://aws.amazon.com/appsync/pricing/
 */
export const appSyncEvents = ({ fanOut, bytes }: Load): number => {
  const { operations, meterBytes } = PRICES.appSyncEvents;
  return ((1 + fanOut) * meteredUnits(bytes, meterBytes) * operations) / 1e6;
};

/** Bytes of a topic's name, which an MQTT message is metered with. */
const TOPIC_BYTES = 20;

/**
 * The cost of one publication with IoT Core and QoS 0, in USD. The publication and each delivery are one message each,
 * in steps of 5 KB of payload and topic.
 * @see https://aws.amazon.com/iot-core/pricing/additional-details/
 */
export const iotCore = ({ fanOut, bytes }: Load): number => {
  const { messages, meterBytes } = PRICES.iotCore;
  return ((1 + fanOut) * meteredUnits(bytes + TOPIC_BYTES, meterBytes) * messages) / 1e6;
};

/**
 * AWS's chat sample as deployed: 256 MB, one row for each connection, default sockets of the SDK. Each connection is a
 * subscriber, because the sample posts to all connections.
 * @see https://github.com/aws-samples/simple-websockets-chat-app
 */
const SAMPLE = { memoryGb: 0.25, rowBytes: 28, sockets: 50 };

/** Bytes around a message's data in the sample: `{"action":"sendmessage","data":""}`. */
const SAMPLE_ENVELOPE = 34;

/**
 * The cost of one publication with the sample, in USD: an eventually consistent scan of the whole table, and a POST to
 * each connection.
 */
export const awsSample = ({ fanOut, bytes }: Load): number => {
  const { apiGateway, lambda, dynamodb } = PRICES;
  const inbound = meteredUnits(bytes + SAMPLE_ENVELOPE, MESSAGE_METER_BYTES);
  const outbound = fanOut * meteredUnits(bytes, MESSAGE_METER_BYTES);
  const reads = Math.max(1, Math.ceil((fanOut * SAMPLE.rowBytes) / READ_UNIT_BYTES)) / 2;
  const ms = COMPUTE_MS + DECLARED_MS.dynamoDb + Math.ceil(fanOut / SAMPLE.sockets) * DECLARED_MS.post;
  const millions = (inbound + outbound) * apiGateway.messages + lambda.requests + reads * dynamodb.readUnits;
  return millions / 1e6 + (ms / 1_000) * SAMPLE.memoryGb * lambda.gbSecond;
};
