import { maxHistoryRate, maxLingerRate, maxSubscribeRate, SUSTAINED_MS } from "./max-rates.js";
import { simulatePublish } from "./publish.js";
import { DEFAULT_QUOTAS, type Bottleneck, QUOTA_INCREASES, NEW_ACCOUNT, type Quotas, SMALL_REGION } from "./quotas.js";
import { simulateReconnect, type ReconnectResult } from "./reconnect.js";

/** What is simulated. */
export type Scenario = "publish" | "reconnect" | "hand-over" | "subscribe" | "linger" | "history";

/** One result. */
export interface ScenarioResult {
  subscribers: number;
  scenario: Scenario;
  /** Over how many partitions the channel's subscribers are spread. */
  shards: number;
  /** What was raised, and how far. */
  quotas: string;
  /**
   * `publish`: from the publication to the last subscriber that gets it; `reconnect` and `hand-over`: from the first
   * loss to the last subscriber that can be delivered to again; `subscribe`, `linger` and `history`: of one request,
   * at the highest rate. In milliseconds.
   */
  lastDeliveryMs: number;
  /** Of the whole scenario; a ceiling has none. */
  usd: number | null;
  /** What would hold it up most if everything else were raised tenfold; "latency" where nothing would by a tenth. */
  boundBy: Bottleneck | "latency";
  /** `publish`: subscribers that were closed because they could not be reached in time. */
  closed?: number;
  /** `publish`: until the publisher was answered, in milliseconds. */
  acknowledgedMs?: number;
  /** `reconnect` and `hand-over`: how long one subscriber was away, in milliseconds. */
  awayMs?: { p50: number; p99: number };
  /** `subscribe`, `linger` and `history`: the highest rate that is sustained. */
  perSecond?: number;
  /** `history`: of one message as it is stored. */
  bytes?: number;
}

/** What a run with some quotas came to: what is to be compared, the less the better, and what is told. */
type Outcome = Pick<
  ScenarioResult,
  "bytes" | "lastDeliveryMs" | "usd" | "closed" | "acknowledgedMs" | "awayMs" | "perSecond"
> & {
  penalty: number;
};

/** Something to simulate. */
interface ScenarioPlan {
  scenario: Scenario;
  subscribers: number;
  candidates: readonly Bottleneck[];
  run(quotas: Quotas): Outcome;
  /** How often what binds is raised, and looked again. */
  steps: number;
}

/** How far a quota is raised to see what binds. */
const TENFOLD = 10;

/** How much worse it must be with one quota as it is, and all others raised, to say that this one binds. */
const BINDING_RATIO = 1.1;

/** How many connections a simulated loss has; a hand-over begins with those that a reconnection has opened. */
export const SIZES = [10_000, 100_000, 1_000_000] as const;

const publishPlan = (subscribers: number): ScenarioPlan => ({
  scenario: "publish",
  subscribers,
  candidates: ["requestsPerSecond", "cpu", "pollers", "partition", "concurrency", "tableThroughput"],
  steps: 3,
  run(quotas) {
    const { lastDeliveryMs, acknowledgedMs, usd, closed } = simulatePublish(subscribers, quotas);
    // Who is closed comes back, and has missed it: worse than late.
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

/** Connections that were opened as a burst let them, two hours ago. */
export const burstTimes = (openedAt: Float64Array): Float64Array => {
  const first = openedAt.reduce((least, each) => Math.min(least, each), Infinity);
  return openedAt.map((at) => at - first);
};

/** API Gateway closes these connections itself, and notices at once. */
export const NOTICED_AT_ONCE_MS = [0, 1_000] as const;

/** Whatever is raised later: two hours ago, quotas were as they are by default. */
const handOverPlan = (subscribers: number): ScenarioPlan => {
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

/** Publications on one channel with history, of so many bytes as they are stored. */
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

/** What would hold it up most if everything else were raised tenfold. */
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

/** What was raised, in words. */
const labelOf = (raised: readonly (readonly [Bottleneck, number])[]): string =>
  raised.map(([lever, factor]) => `${lever} ×${factor}`).join(", ") || "default";

/** The accounts that have less than the default, by what their rows are called; and up to how many subscribers. */
const ACCOUNTS = [
  { label: "new account", quotas: NEW_ACCOUNT, most: 100_000 },
  { label: "small Region", quotas: SMALL_REGION, most: Infinity },
] as const;

/** Scenarios with a row for each of them. */
const BY_ACCOUNT: ReadonlySet<Scenario> = new Set(["publish", "reconnect", "subscribe"]);

/** A scenario with the default quotas, and with those of accounts that have less; then with what binds it doubled and tenfold, and so on from there. */
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
 * Simulates everything.
 * @param sizes how many subscribers there are
 * @param progress told the share that is done
 * @param lastingMs how long the highest rates have to be sustained
 */
export const simulate = (
  sizes: readonly number[] = SIZES,
  progress: (share: number) => void = () => undefined,
  lastingMs = SUSTAINED_MS,
): ScenarioResult[] => {
  const plans = [
    ...sizes.map((size) => () => publishPlan(size)),
    ...sizes.map((size) => () => reconnectPlan(size)),
    ...sizes.map((size) => () => handOverPlan(size)),
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
