import { maxHistoryRate, maxLingerRate, maxSubscribeRate, SUSTAINED_MS } from "./max-rates.js";
import { simulatePublish } from "./publish.js";
import { DEFAULT_QUOTAS, type Bottleneck, QUOTA_INCREASES, NEW_ACCOUNT, type Quotas, SMALL_REGION } from "./quotas.js";
import { simulateReconnect, type ReconnectResult } from "./reconnect.js";

/** The simulated scenarios. */
export type Scenario = "publish" | "reconnect" | "hand-over" | "subscribe" | "linger" | "history";

/** One result. */
export interface ScenarioResult {
  subscribers: number;
  scenario: Scenario;
  /** Number of partitions of the channel's subscribers. */
  shards: number;
  /** The raised quotas with their factors. */
  quotas: string;
  /**
   * `publish`: from the publication to the last delivery. `reconnect` and `hand-over`: from the first loss to the last
   * restored subscription. `subscribe`, `linger` and `history`: delay of one request at the maximum rate. In
   * milliseconds.
   */
  lastDeliveryMs: number;
  /** Cost of the whole scenario; `null` for maximum rates. */
  usd: number | null;
  /** The main bottleneck if all other quotas were raised tenfold; "latency" if no quota matters by a tenth. */
  boundBy: Bottleneck | "latency";
  /** `publish`: subscribers that were closed, because they could not be reached in time. */
  closed?: number;
  /** `publish`: time until the acknowledgement, in milliseconds. */
  acknowledgedMs?: number;
  /** `reconnect` and `hand-over`: time without a subscription, in milliseconds. */
  awayMs?: { p50: number; p99: number };
  /** `subscribe`, `linger` and `history`: the maximum sustained rate. */
  perSecond?: number;
  /** `history`: size of one stored message. */
  bytes?: number;
}

/** The result of a run with some quotas, and a penalty for comparison: less is better. */
type Outcome = Pick<
  ScenarioResult,
  "bytes" | "lastDeliveryMs" | "usd" | "closed" | "acknowledgedMs" | "awayMs" | "perSecond"
> & {
  penalty: number;
};

/** The plan of a scenario. */
interface ScenarioPlan {
  scenario: Scenario;
  subscribers: number;
  candidates: readonly Bottleneck[];
  run(quotas: Quotas): Outcome;
  /** How often the bottleneck is raised and determined again. */
  steps: number;
}

/** The factor for finding the bottleneck. */
const TENFOLD = 10;

/** Minimum ratio of the penalties, with one quota as it is and all others raised, for this quota to bind. */
const BINDING_RATIO = 1.1;

/** The simulated numbers of subscribers. */
export const SIZES = [10_000, 100_000, 1_000_000] as const;

const publishPlan = (subscribers: number): ScenarioPlan => ({
  scenario: "publish",
  subscribers,
  candidates: ["requestsPerSecond", "cpu", "pollers", "partition", "concurrency", "tableThroughput"],
  steps: 3,
  run(quotas) {
    const { lastDeliveryMs, acknowledgedMs, usd, closed } = simulatePublish(subscribers, quotas);
    // A closed subscriber has missed the message, which is worse than late.
    return {
      lastDeliveryMs,
      usd,
      closed,
      acknowledgedMs: Math.round(acknowledgedMs),
      penalty: lastDeliveryMs * (1 + closed),
    };
  },
});

const RECONNECT_CANDIDATES: readonly Bottleneck[] = [
  "connectionsPerSecond",
  "throttling.subscribe",
  "tableThroughput",
  "partition",
  "requestsPerSecond",
  "concurrency",
];

const outcomeOf = ({ lastBackMs, usd, awayMs }: ReconnectResult): Outcome => ({
  lastDeliveryMs: lastBackMs,
  usd,
  awayMs,
  penalty: awayMs.p99,
});

const reconnectPlan = (subscribers: number): ScenarioPlan => ({
  scenario: "reconnect",
  subscribers,
  candidates: RECONNECT_CANDIDATES,
  steps: 4,
  run: (quotas) => outcomeOf(simulateReconnect(subscribers, quotas)),
});

/** The opening times of connections in a burst, two hours ago. */
export const burstTimes = (openedAt: Float64Array): Float64Array => {
  const first = openedAt.reduce((least, each) => Math.min(least, each), Infinity);
  return openedAt.map((at) => at - first);
};

/** API Gateway closes these connections itself, and notices at once. */
export const NOTICED_AT_ONCE_MS = [0, 1_000] as const;

/** Two hours ago the default quotas applied, whatever is raised later. */
const rotationPlan = (subscribers: number): ScenarioPlan => {
  const lostAt = burstTimes(simulateReconnect(subscribers, DEFAULT_QUOTAS).openedAt);
  return {
    scenario: "hand-over",
    subscribers,
    candidates: RECONNECT_CANDIDATES,
    steps: 1,
    run: (quotas) =>
      outcomeOf(simulateReconnect(subscribers, quotas, { lostAt, noticedMs: NOTICED_AT_ONCE_MS, seed: 2 })),
  };
};

const subscribePlan = (lastingMs: number): ScenarioPlan => ({
  scenario: "subscribe",
  subscribers: 1_000_000,
  candidates: ["throttling.subscribe", "partition", "tableThroughput", "requestsPerSecond", "concurrency"],
  steps: 4,
  run(quotas) {
    const { perSecond, lateMs } = maxSubscribeRate(quotas, lastingMs);
    return { lastDeliveryMs: lateMs, usd: null, perSecond, penalty: 1 / perSecond };
  },
});

/** Bytes of a message of 100 bytes with its envelope. */
const MESSAGE_BYTES = 170;

const lingerPlan = (subscribers: number, lastingMs: number): ScenarioPlan => ({
  scenario: "linger",
  subscribers,
  candidates: ["logPartition", "requestsPerSecond", "cpu"],
  steps: 0,
  run(quotas) {
    const { perSecond, lateMs } = maxLingerRate(
      { subscribers, bytes: MESSAGE_BYTES, lingerMs: 250 },
      quotas,
      lastingMs,
    );
    return { lastDeliveryMs: lateMs, usd: null, perSecond, penalty: 1 / perSecond };
  },
});

/** Publications on one channel with history, of so many stored bytes. */
const historyPlan = (bytes: number, lastingMs: number): ScenarioPlan => ({
  scenario: "history",
  subscribers: 1,
  candidates: ["logPartition", "tableThroughput"],
  steps: 0,
  run(quotas) {
    const { perSecond, lateMs } = maxHistoryRate({ bytes, perFrame: 1 }, quotas, lastingMs);
    return { lastDeliveryMs: lateMs, usd: null, perSecond, bytes, penalty: 1 / perSecond };
  },
});

/** The limit that would bind most if everything else were raised tenfold. */
const bottleneckOf = ({ candidates, run }: ScenarioPlan, quotas: Quotas): Bottleneck | "latency" => {
  const raised = (but?: Bottleneck): number =>
    run(
      candidates.filter((lever) => lever !== but).reduce((all, lever) => QUOTA_INCREASES[lever](all, TENFOLD), quotas),
    ).penalty;
  const worst = candidates
    .map((lever) => ({ lever, badness: raised(lever) }))
    .reduce((most, each) => (each.badness > most.badness ? each : most));
  return worst.badness > raised() * BINDING_RATIO ? worst.lever : "latency";
};

const resultOf = (plan: ScenarioPlan, quotas: Quotas, label: string): ScenarioResult => {
  const { penalty: _, lastDeliveryMs, usd, ...more } = plan.run(quotas);
  return {
    subscribers: plan.subscribers,
    scenario: plan.scenario,
    shards: quotas.shards,
    quotas: label,
    lastDeliveryMs: Math.round(lastDeliveryMs),
    usd: usd === null ? null : Math.round(usd * 1e4) / 1e4,
    boundBy: bottleneckOf(plan, quotas),
    ...more,
  };
};

/** Describes the raised quotas. */
const labelOf = (raised: readonly (readonly [Bottleneck, number])[]): string =>
  raised.map(([lever, factor]) => `${lever} ×${factor}`).join(", ") || "default";

/** Accounts with lower quotas, by label, and up to how many subscribers. */
const ACCOUNTS = [
  { label: "new account", quotas: NEW_ACCOUNT, most: 100_000 },
  { label: "small Region", quotas: SMALL_REGION, most: Infinity },
] as const;

/** Scenarios with a row for each of these accounts. */
const BY_ACCOUNT: ReadonlySet<Scenario> = new Set(["publish", "reconnect", "subscribe"]);

/**
 * The results of a scenario: with default quotas, with lower quotas, and then repeatedly with the bottleneck doubled
 * and raised tenfold.
 */
function* resultsOf(plan: ScenarioPlan): Generator<ScenarioResult> {
  const raised: [Bottleneck, number][] = [];
  let quotas = DEFAULT_QUOTAS;
  let cell = resultOf(plan, quotas, labelOf(raised));
  yield cell;
  if (BY_ACCOUNT.has(plan.scenario)) {
    for (const { label, quotas: fewer, most } of ACCOUNTS)
      if (plan.subscribers <= most || plan.scenario === "subscribe") yield resultOf(plan, fewer, label);
  }
  for (let step = 0; step < plan.steps; step += 1) {
    const lever = cell.boundBy;
    if (lever === "latency" || raised.some(([before]) => before === lever)) return;
    yield resultOf(plan, QUOTA_INCREASES[lever](quotas, 2), labelOf([...raised, [lever, 2]]));
    quotas = QUOTA_INCREASES[lever](quotas, TENFOLD);
    raised.push([lever, TENFOLD]);
    cell = resultOf(plan, quotas, labelOf(raised));
    yield cell;
  }
}

/**
 * Runs all simulations.
 * @param sizes numbers of subscribers
 * @param progress receives the finished share
 * @param lastingMs for how long maximum rates must be sustained
 */
export const simulate = (
  sizes: readonly number[] = SIZES,
  progress: (share: number) => void = () => undefined,
  lastingMs = SUSTAINED_MS,
): ScenarioResult[] => {
  const plans = [
    ...sizes.map((size) => () => publishPlan(size)),
    ...sizes.map((size) => () => reconnectPlan(size)),
    ...sizes.map((size) => () => rotationPlan(size)),
    () => subscribePlan(lastingMs),
    ...[100, 1_000, 10_000].map((size) => () => lingerPlan(size, lastingMs)),
    ...[1_024, 2_048, 8_192].map((bytes) => () => historyPlan(bytes, lastingMs)),
  ];
  return plans.flatMap((plan, at) => {
    const cells = [...resultsOf(plan())];
    progress((at + 1) / plans.length);
    return cells;
  });
};
