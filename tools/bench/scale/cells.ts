import { historyCeiling, lingerCeiling, subscribeCeiling, SUSTAINED_MS } from "./ceilings.js";
import { publish } from "./publish.js";
import { DEFAULT_QUOTAS, type Lever, LEVERS, NEW_ACCOUNT, type Quotas, SMALL_REGION } from "./quotas.js";
import { reconnect, type Reconnected } from "./reconnect.js";

/** What is simulated. */
export type Scenario = "publish" | "reconnect" | "hand-over" | "subscribe" | "linger" | "history";

/** One result. */
export interface Cell {
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
  boundBy: Lever | "latency";
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
type Outcome = Pick<Cell, "bytes" | "lastDeliveryMs" | "usd" | "closed" | "acknowledgedMs" | "awayMs" | "perSecond"> & {
  badness: number;
};

/** Something to simulate. */
interface Plan {
  scenario: Scenario;
  subscribers: number;
  levers: readonly Lever[];
  run(quotas: Quotas): Outcome;
  /** How often what binds is raised, and looked again. */
  steps: number;
}

/** How far a quota is raised to see what binds. */
const TENFOLD = 10;

/** How much worse it must be with one quota as it is, and all others raised, to say that this one binds. */
const NOTICEABLE = 1.1;

/** How many connections a simulated loss has; a hand-over begins with those that a reconnection has opened. */
export const SIZES = [10_000, 100_000, 1_000_000] as const;

const published = (subscribers: number): Plan => ({
  scenario: "publish",
  subscribers,
  levers: ["requestsPerSecond", "cpu", "pollers", "partition", "concurrency", "tableThroughput"],
  steps: 3,
  run(quotas) {
    const { lastDeliveryMs, acknowledgedMs, usd, closed } = publish(subscribers, quotas);
    // Who is closed comes back, and has missed it: worse than late.
    return {
      lastDeliveryMs,
      usd,
      closed,
      acknowledgedMs: Math.round(acknowledgedMs),
      badness: lastDeliveryMs * (1 + closed),
    };
  },
});

const CONNECTING: readonly Lever[] = [
  "connectionsPerSecond",
  "throttling.subscribe",
  "tableThroughput",
  "partition",
  "requestsPerSecond",
  "concurrency",
];

const outcomeOf = ({ lastBackMs, usd, awayMs }: Reconnected): Outcome => ({
  lastDeliveryMs: lastBackMs,
  usd,
  awayMs,
  badness: awayMs.p99,
});

const reconnected = (subscribers: number): Plan => ({
  scenario: "reconnect",
  subscribers,
  levers: CONNECTING,
  steps: 4,
  run: (quotas) => outcomeOf(reconnect(subscribers, quotas)),
});

/** Connections that were opened as a burst let them, two hours ago. */
export const burst = (openedAt: Float64Array): Float64Array => {
  const first = openedAt.reduce((least, each) => Math.min(least, each), Infinity);
  return openedAt.map((at) => at - first);
};

/** API Gateway closes these connections itself, and notices at once. */
export const AT_ONCE = [0, 1_000] as const;

/** Whatever is raised later: two hours ago, quotas were as they are by default. */
const handedOver = (subscribers: number): Plan => {
  const lostAt = burst(reconnect(subscribers, DEFAULT_QUOTAS).openedAt);
  return {
    scenario: "hand-over",
    subscribers,
    levers: CONNECTING,
    steps: 1,
    run: (quotas) => outcomeOf(reconnect(subscribers, quotas, { lostAt, noticedMs: AT_ONCE, seed: 2 })),
  };
};

const subscribed = (lastingMs: number): Plan => ({
  scenario: "subscribe",
  subscribers: 1_000_000,
  levers: ["throttling.subscribe", "partition", "tableThroughput", "requestsPerSecond", "concurrency"],
  steps: 4,
  run(quotas) {
    const { perSecond, lateMs } = subscribeCeiling(quotas, lastingMs);
    return { lastDeliveryMs: lateMs, usd: null, perSecond, badness: 1 / perSecond };
  },
});

/** Bytes of a message of 100 bytes with its envelope. */
const MESSAGE_BYTES = 170;

const lingering = (subscribers: number, lastingMs: number): Plan => ({
  scenario: "linger",
  subscribers,
  levers: ["logPartition", "requestsPerSecond", "cpu"],
  steps: 0,
  run(quotas) {
    const { perSecond, lateMs } = lingerCeiling(
      { subscribers, bytes: MESSAGE_BYTES, lingerMs: 250 },
      quotas,
      lastingMs,
    );
    return { lastDeliveryMs: lateMs, usd: null, perSecond, badness: 1 / perSecond };
  },
});

/** Publications on one channel with history, of so many bytes as they are stored. */
const kept = (bytes: number, lastingMs: number): Plan => ({
  scenario: "history",
  subscribers: 1,
  levers: ["logPartition", "tableThroughput"],
  steps: 0,
  run(quotas) {
    const { perSecond, lateMs } = historyCeiling({ bytes, perFrame: 1 }, quotas, lastingMs);
    return { lastDeliveryMs: lateMs, usd: null, perSecond, bytes, badness: 1 / perSecond };
  },
});

/** What would hold it up most if everything else were raised tenfold. */
const binding = ({ levers, run }: Plan, quotas: Quotas): Lever | "latency" => {
  const raised = (but?: Lever): number =>
    run(levers.filter((lever) => lever !== but).reduce((all, lever) => LEVERS[lever](all, TENFOLD), quotas)).badness;
  const worst = levers
    .map((lever) => ({ lever, badness: raised(lever) }))
    .reduce((most, each) => (each.badness > most.badness ? each : most));
  return worst.badness > raised() * NOTICEABLE ? worst.lever : "latency";
};

const cellOf = (plan: Plan, quotas: Quotas, label: string): Cell => {
  const { badness: _, lastDeliveryMs, usd, ...more } = plan.run(quotas);
  return {
    subscribers: plan.subscribers,
    scenario: plan.scenario,
    shards: quotas.shards,
    quotas: label,
    lastDeliveryMs: Math.round(lastDeliveryMs),
    usd: usd === null ? null : Math.round(usd * 1e4) / 1e4,
    boundBy: binding(plan, quotas),
    ...more,
  };
};

/** What was raised, in words. */
const labelOf = (raised: readonly (readonly [Lever, number])[]): string =>
  raised.map(([lever, factor]) => `${lever} ×${factor}`).join(", ") || "default";

/** The accounts that have less than the default, by what their rows are called; and up to how many subscribers. */
const ACCOUNTS = [
  { label: "new account", quotas: NEW_ACCOUNT, most: 100_000 },
  { label: "small Region", quotas: SMALL_REGION, most: Infinity },
] as const;

/** Scenarios with a row for each of them. */
const BY_ACCOUNT: ReadonlySet<Scenario> = new Set(["publish", "reconnect", "subscribe"]);

/** A scenario with the default quotas, and with those of accounts that have less; then with what binds it doubled and tenfold, and so on from there. */
function* chain(plan: Plan): Generator<Cell> {
  const raised: [Lever, number][] = [];
  let quotas = DEFAULT_QUOTAS;
  let cell = cellOf(plan, quotas, labelOf(raised));
  yield cell;
  if (BY_ACCOUNT.has(plan.scenario)) {
    for (const { label, quotas: fewer, most } of ACCOUNTS)
      if (plan.subscribers <= most || plan.scenario === "subscribe") yield cellOf(plan, fewer, label);
  }
  for (let step = 0; step < plan.steps; step += 1) {
    const lever = cell.boundBy;
    if (lever === "latency" || raised.some(([before]) => before === lever)) return;
    yield cellOf(plan, LEVERS[lever](quotas, 2), labelOf([...raised, [lever, 2]]));
    quotas = LEVERS[lever](quotas, TENFOLD);
    raised.push([lever, TENFOLD]);
    cell = cellOf(plan, quotas, labelOf(raised));
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
): Cell[] => {
  const plans = [
    ...sizes.map((size) => () => published(size)),
    ...sizes.map((size) => () => reconnected(size)),
    ...sizes.map((size) => () => handedOver(size)),
    () => subscribed(lastingMs),
    ...[100, 1_000, 10_000].map((size) => () => lingering(size, lastingMs)),
    ...[1_024, 2_048, 8_192].map((bytes) => () => kept(bytes, lastingMs)),
  ];
  return plans.flatMap((plan, at) => {
    const cells = [...chain(plan())];
    progress((at + 1) / plans.length);
    return cells;
  });
};
