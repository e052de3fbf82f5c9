import { COMPUTE_MS, DECLARED_MS } from "../../../local/meter/latency.js";
import { READ_UNIT_BYTES } from "../../../local/commands/check/account/work.js";
import { MESSAGE_METER_BYTES, PRICES, meteredUnits } from "../../../local/meter/prices.js";
import type { Load } from "./scenario.js";

/**
 * AppSync Events, for one publication, in USD: an operation for the publication and one for each delivery, by 5 KB; no
 * handler runs.
 * @see https://aws.amazon.com/appsync/pricing/
 */
export const appSyncEvents = ({ fanOut, bytes }: Load): number => {
  const { operations, meterBytes } = PRICES.appSyncEvents;
  return ((1 + fanOut) * meteredUnits(bytes, meterBytes) * operations) / 1e6;
};

/** Bytes of a topic's name: what is metered of an MQTT message besides its payload. */
const TOPIC_BYTES = 20;

/**
 * IoT Core with QoS 0, for one publication, in USD: a message in and one for each delivery, by 5 KB of payload and topic.
 * @see https://aws.amazon.com/iot-core/pricing/additional-details/
 */
export const iotCore = ({ fanOut, bytes }: Load): number => {
  const { messages, meterBytes } = PRICES.iotCore;
  return ((1 + fanOut) * meteredUnits(bytes + TOPIC_BYTES, meterBytes) * messages) / 1e6;
};

/**
 * AWS's chat sample as it is deployed: 256 MB, a table with one row a connection, sockets as the SDK keeps them by
 * default. Everybody who is connected is a subscriber: each who is not would be scanned too, and sent the message.
 * @see https://github.com/aws-samples/simple-websockets-chat-app
 */
const SAMPLE = { memoryGb: 0.25, rowBytes: 28, sockets: 50 };

/** Bytes around a message's data in the sample: `{"action":"sendmessage","data":""}`. */
const SAMPLE_ENVELOPE = 34;

/** The sample, for one publication, in USD: a scan of the whole table (eventually consistent), and a POST to each connection. */
export const awsSample = ({ fanOut, bytes }: Load): number => {
  const { apiGateway, lambda, dynamodb } = PRICES;
  const inbound = meteredUnits(bytes + SAMPLE_ENVELOPE, MESSAGE_METER_BYTES);
  const outbound = fanOut * meteredUnits(bytes, MESSAGE_METER_BYTES);
  const reads = Math.max(1, Math.ceil((fanOut * SAMPLE.rowBytes) / READ_UNIT_BYTES)) / 2;
  const ms = COMPUTE_MS + DECLARED_MS.dynamoDb + Math.ceil(fanOut / SAMPLE.sockets) * DECLARED_MS.post;
  const millions = (inbound + outbound) * apiGateway.messages + lambda.requests + reads * dynamodb.readUnits;
  return millions / 1e6 + (ms / 1_000) * SAMPLE.memoryGb * lambda.gbSecond;
};
