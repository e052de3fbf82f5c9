import { READ_UNIT_BYTES } from "../../../local/commands/check/account/work.js";
import { MESSAGE_METER_BYTES, PRICES, meteredUnits } from "../../../local/meter/prices.js";
import { noUnits, usdOf } from "../units.js";

/** Write units of a connection that subscribes to one channel: two rows each, written and deleted. */
const CONNECTION_WRITE_UNITS = 8;

/** Bytes around a message's data. */
const ENVELOPE_BYTES = 150;

/** Maximum bytes of a subscriber's row. */
const ROW_BYTES = 200;

/** A load on a deployed stack. */
export interface AwsLoad {
  subscribers: number;
  perSecond: number;
  seconds: number;
  /** Size of a message's data. */
  bytes: number;
}

/** The estimated cost of a load. */
export interface Estimate {
  /** Messages that API Gateway charges for. */
  messages: number;
  usd: number;
}

/**
 * Estimates what a load costs, from the number of messages and connections. Excludes the GB-seconds of functions, which
 * are the smallest part, and whatever guards do.
 */
export const estimateCost = ({ subscribers, perSecond, seconds, bytes }: AwsLoad): Estimate => {
  const publications = Math.max(1, Math.round(perSecond * seconds));
  const size = meteredUnits(bytes + ENVELOPE_BYTES, MESSAGE_METER_BYTES);
  // Each publication, its reply, and one message to each subscriber; each subscription and its reply.
  const messages = publications * (size + 1 + subscribers * size) + 2 * subscribers;
  const minutes = (subscribers + 1) * Math.ceil(seconds / 60 + 1);
  const usd = usdOf({
    ...noUnits(),
    messages,
    invocations: publications + 3 * (subscribers + 1),
    readUnits: publications * meteredUnits(subscribers * ROW_BYTES, READ_UNIT_BYTES),
    writeUnits: (subscribers + 1) * CONNECTION_WRITE_UNITS,
  });
  return { messages, usd: usd + (minutes * PRICES.apiGateway.connectionMinutes) / 1e6 };
};
