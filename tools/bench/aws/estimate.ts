/**
 * What API Gateway charges for a million messages of up to 32 KB, in or out, in USD, in us-east-1, first tier.
 * @see https://aws.amazon.com/api-gateway/pricing/
 */
export const USD_PER_MILLION_MESSAGES = 1;

/** What API Gateway charges for a million connection minutes, in USD. */
export const USD_PER_MILLION_MINUTES = 0.25;

/**
 * What Lambda charges for a million invocations, in USD.
 * @see https://aws.amazon.com/lambda/pricing/
 */
export const USD_PER_MILLION_INVOCATIONS = 0.2;

/**
 * What DynamoDB charges for a million write units, and for a million read units, in USD, on demand.
 * @see https://aws.amazon.com/dynamodb/pricing/on-demand/
 */
export const USD_PER_MILLION_WRITES = 0.625;
export const USD_PER_MILLION_READS = 0.125;

/** A message is charged in steps of so many bytes. */
const MESSAGE_STEP_BYTES = 32 * 1024;

/** Write units of a connection that subscribes to one channel: two rows each, written and deleted. */
const WRITES = 8;

/** What is sent around a message's data. */
const ENVELOPE_BYTES = 150;

/** A subscriber's row, at most. */
const ROW_BYTES = 200;

/** A read unit, strongly consistent. */
const READ_BYTES = 4096;

/** A load on a deployed stack. */
export interface AwsLoad {
  subscribers: number;
  perSecond: number;
  seconds: number;
  /** Size of what is published. */
  bytes: number;
}

/** What a load comes to. */
export interface Estimate {
  /** Messages that API Gateway charges for. */
  messages: number;
  usd: number;
}

/**
 * What a load costs, about: everything that the number of messages and connections decides. The GB-seconds of functions
 * are left out, which are the least of it, and so is what guards do.
 */
export const estimateCost = ({ subscribers, perSecond, seconds, bytes }: AwsLoad): Estimate => {
  const publications = Math.max(1, Math.round(perSecond * seconds));
  const steps = Math.ceil((bytes + ENVELOPE_BYTES) / MESSAGE_STEP_BYTES);
  // Each publication in, its answer out, and a message to each subscriber; subscribing and its answer.
  const messages = publications * (steps + 1 + subscribers * steps) + 2 * subscribers;
  const minutes = (subscribers + 1) * Math.ceil(seconds / 60 + 1);
  const invocations = publications + 3 * (subscribers + 1);
  const reads = publications * Math.max(1, Math.ceil((subscribers * ROW_BYTES) / READ_BYTES));
  const micros =
    messages * USD_PER_MILLION_MESSAGES +
    minutes * USD_PER_MILLION_MINUTES +
    invocations * USD_PER_MILLION_INVOCATIONS +
    reads * USD_PER_MILLION_READS +
    (subscribers + 1) * WRITES * USD_PER_MILLION_WRITES;
  return { messages, usd: micros / 1e6 };
};
