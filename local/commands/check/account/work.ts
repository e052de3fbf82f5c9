import { VCPU_MB } from "../../remote/quotas.js";

/** The duration of a call to DynamoDB in milliseconds: declared, because loopback has other latencies. */
export const DYNAMODB_MS = 5;

/** CPU of one delivery, in microseconds of a whole vCPU: see `Cpu` in tools/bench/scale/model.ts. */
export const POST_MICROS = 70;

/**
 * Bytes of a subscriber's row, by DynamoDB's rules, with a channel's name of 75 characters: `stories/5` makes 44.
 * @see https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/CapacityUnitCalculations.html
 */
export const ROW_BYTES = 110;

/**
 * Bytes of a read unit.
 * @see https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/CapacityUnitCalculations.html
 */
export const READ_UNIT_BYTES = 4 * 1024;

/** The share of a vCPU that a function with this much memory has. */
export const cpuShare = (memoryMb: number): number => Math.min(1, memoryMb / VCPU_MB);

/**
 * The working time of functions for one frame, in milliseconds. It is the duration of their sequential DynamoDB calls,
 * for connections without a user and channels without a guard.
 */
export const CALLS_MS = { connect: DYNAMODB_MS, subscribe: 5 * DYNAMODB_MS, leave: 4 * DYNAMODB_MS };

/** Write units of a subscription: the agent's row and the channel's; the channel's is in one partition with all others. */
export const SUBSCRIBE_CALLS = { writes: 2 };

/** Write units of a new connection: the agent's row, and its registration for the sweep. */
export const CONNECT_CALLS = { writes: 2 };
