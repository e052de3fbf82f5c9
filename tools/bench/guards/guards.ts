import type { Benchmark, BenchContext } from "../benchmark.js";
import { type GuardedSystem, startGuardedSystem, GUARD_VARIANTS, type GuardVariant } from "./guarded-system.js";
import { MEMORY_MB } from "../../../local/commands/remote/quotas.js";
import { DECLARED_MS } from "../../../local/meter/latency.js";
import { PRICES } from "../../../local/meter/prices.js";
import { roundTo2, type Percentiles, percentilesOf } from "../stats.js";

/** The measured operations. */
const OPERATIONS = ["connect", "subscribe", "publish", "deliver"] as const;
type Operation = (typeof OPERATIONS)[number];

/** One row of the result. */
export interface GuardCost {
  guard: GuardVariant;
  operation: Operation;
  /** From the request to the reply (`deliver`: to the last recipient's message), in milliseconds, on loopback. */
  ms: Percentiles;
  /** Counted Lambda invocations of one operation. */
  invocations: number;
  /** Lambda's price for a million operations, in USD, by the declared durations. */
  usdPerMillion: number;
}

/** Measurements of each operation and kind of guard, after a tenth as warm-up. */
export const ROUNDS: Record<Operation, number> = { connect: 100, subscribe: 200, publish: 300, deliver: 60 };

/** Recipients of `deliver`. */
export const RECIPIENTS = 20;

/** The duration that a guard is billed for, in milliseconds: the least that Lambda charges, because it decides at once. */
const GUARD_MS = 1;

/** How long an operation's function runs without guards: its consecutive calls. */
const OWN_MS: Record<Operation, number> = {
  connect: DECLARED_MS.dynamoDb,
  subscribe: 4 * DECLARED_MS.dynamoDb,
  publish: DECLARED_MS.dynamoDb + DECLARED_MS.post,
  deliver: DECLARED_MS.dynamoDb + DECLARED_MS.post,
};

/** How often an operation waits for guards: a delivery also waits for the publication guard. */
const GUARD_WAITS: Record<Operation, number> = { connect: 1, subscribe: 1, publish: 1, deliver: 2 };

/** Memory of the construct's functions and of the guard Lambda, in GB. */
const ROUTE_GB = MEMORY_MB / 1_024;
const GUARD_GB = 0.125;

const usdPerMillion = (guard: GuardVariant, operation: Operation, invocations: number): number => {
  const wait = { none: 0, module: GUARD_MS, lambda: DECLARED_MS.invoke + GUARD_MS }[guard];
  // A delivery guard gets the recipients' agents, which the function reads.
  const reading = operation === "deliver" && guard !== "none" ? DECLARED_MS.dynamoDb : 0;
  const gbMs =
    ROUTE_GB * (OWN_MS[operation] + reading + GUARD_WAITS[operation] * wait) + GUARD_GB * GUARD_MS * (invocations - 1);
  return roundTo2(invocations * PRICES.lambda.requests + (gbMs / 1000) * PRICES.lambda.gbSecond * 1e6);
};

const timed = async (work: () => Promise<unknown>): Promise<number> => {
  const begun = performance.now();
  await work();
  return performance.now() - begun;
};

/** Measures one operation with all kinds of guards in turn, so that disturbances affect all alike. */
const measure = async (
  systems: GuardedSystem[],
  operation: Operation,
  rounds: number,
  progress: () => void,
): Promise<GuardCost[]> => {
  const warmUp = Math.ceil(rounds / 10);
  const measured = systems.map(() => [] as number[]);
  for (let round = -warmUp; round < rounds; round += 1) {
    for (const [at, system] of systems.entries()) {
      if (round === 0) system.resetInvocations();
      const ms = await timed(() => system.perform[operation]());
      if (round >= 0) measured[at]?.push(ms);
      await system.cleanUp();
    }
    if (round >= 0) progress();
  }
  return systems.map(({ guard, invocations }, at) => {
    const each = roundTo2(invocations(operation) / rounds);
    return {
      guard,
      operation,
      ms: percentilesOf(measured[at] ?? []),
      invocations: each,
      usdPerMillion: usdPerMillion(guard, operation, each),
    };
  });
};

/**
 * Measures.
 * @param rounds measurements of each operation
 */
export const measureGuards = async ({ root, progress }: BenchContext, rounds = ROUNDS): Promise<GuardCost[]> => {
  const systems: GuardedSystem[] = [];
  const total = Object.values(rounds).reduce((sum, each) => sum + each, 0);
  let done = 0;
  const step = (): void => progress((done += 1) / total);
  try {
    for (const guard of GUARD_VARIANTS) systems.push(await startGuardedSystem(root, guard, RECIPIENTS));
    const results: GuardCost[] = [];
    for (const operation of OPERATIONS) results.push(...(await measure(systems, operation, rounds[operation], step)));
    return results;
  } finally {
    await Promise.all(systems.map((system) => system.close()));
  }
};

const VARIANT_LABELS: Record<GuardVariant, string> = {
  none: "no guard",
  module: "module guard",
  lambda: "guard Lambda",
};

const OPERATION_LABELS: Record<Operation, string> = {
  connect: "connect",
  subscribe: "subscribe",
  publish: "publish → acknowledged, one subscriber",
  deliver: `publish → last of ${RECIPIENTS} recipients, each guarded`,
};

const table = (results: GuardCost[]): string => {
  const rows = results.map(
    ({ guard, operation, ms, invocations, usdPerMillion: usd }) =>
      `| ${OPERATION_LABELS[operation]} | ${VARIANT_LABELS[guard]} | ${ms.p50.toFixed(1)} | ${ms.p95.toFixed(1)} | ${ms.p99.toFixed(1)} | ${invocations} | ${usd.toFixed(2)} |`,
  );
  const { dynamoDb, post, invoke } = DECLARED_MS;
  return [
    "| operation | guard | p50 ms | p95 ms | p99 ms | Lambda invocations | Lambda, USD per million |",
    "|---|---|--:|--:|--:|--:|--:|",
    ...rows,
    "",
    `Times are of one run on loopback, without TLS and without AWS: only their differences say something. Cost is Lambda's alone, from counted invocations and declared durations: ${dynamoDb} ms a DynamoDB call, ${post} ms a POST, ${invoke} ms an Invoke, ${GUARD_MS} ms a guard. API Gateway and DynamoDB charge the same with and without guards, but that delivery guards read the recipients' agents.`,
  ].join("\n");
};

/** Compares latency and cost without a guard, with a guard module, and with a guard Lambda. */
export const guards: Benchmark<GuardCost[]> = {
  summary: "latency and cost of no guard, a module guard and a guard Lambda",
  run: (context) => measureGuards(context),
  table,
};
