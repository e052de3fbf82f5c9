import type { InvocationReport } from "../../local/services/lambda/runtime/pool.js";
import { CREDENTIALS_PREFIX } from "../../protocol/index.js";
import { CHANNELS } from "./channels.js";
import { type RunRecord, checkRun } from "./checker.js";
import { countEvents } from "./counts.js";
import { type ClientPool, connectAll } from "./client-pool.js";
import { Faults, roleOf } from "./faults.js";
import { Journal } from "./journal.js";
import { type ChurnAction, SubscriptionChurn } from "./churn.js";
import { type LoadProfile, loadProfileOf } from "./load-profile.js";
import { planOf } from "./plan.js";
import { type GuardBehavior, isPermitted } from "./policy.js";
import { countPositions } from "./positions.js";
import { publishAll } from "./publish-all.js";
import { waitUntilStable, publishFinalMessages, sweepOnce, presenceErrors } from "./settle-phase.js";
import { randomFor } from "../lib/random.js";
import { type FaultKind, Schedule } from "./schedule.js";
import { applicationTimeline } from "./application-timeline.js";
import { storedMessages, TableView } from "./table.js";
import { checkStatesAtRest } from "./state-phase.js";
import { LEASE_SECONDS, loadBundledSdk, startTarget, type Target } from "./target.js";
import { MessageTimeline } from "./message-timeline.js";
import type { Violation, ViolationKind } from "./violation.js";

/** The options of a run. */
export interface ChaosOptions {
  seed: number;
  /** Number of publications. */
  messages: number;
  /** The DynamoDB engine: `embedded`, or `local` for Amazon's DynamoDB Local. @default "embedded" */
  dynamodb?: string;
}

/** All faults: from the schedule, from the connection lifetime, and from guards. */
export type AnyFaultKind = FaultKind | "lifetime" | "guardSlow" | "guardDead";

/** Counts that must be above 0, because otherwise nothing was checked. */
export interface CheckedCounts {
  /** Acknowledged unsubscriptions. */
  unsubscriptions: number;
  /** Components that were replaced by another component in the same turn. */
  remounts: number;
  /** Acknowledged subscriptions to wildcards. */
  wildcards: number;
  /** Invocations of the fan-out worker. */
  workers: number;
  /** Publications that were acknowledged with a position. */
  positions: number;
  /** Acknowledged ephemeral publications on channels with history. */
  ephemerals: number;
  /** Components that requested the newest messages, and received some of them. */
  newest: number;
  /** Acknowledged changes of members' states. */
  states: number;
  /** Received events about a member's state. */
  changes: number;
}

/** The result of a run. */
export interface Outcome {
  published: number;
  acknowledged: number;
  violationCounts: Record<ViolationKind, number>;
  /** Number of subscriptions that were restored after a lost connection. */
  recoveries: number;
  checked: CheckedCounts;
  churn: Record<ChurnAction, number>;
  /** Number of `subscribed` events that reported missed messages. */
  missed: number;
  faults: Record<AnyFaultKind, number>;
  violations: readonly Violation[];
  /** The timeline of the first message with a violation. */
  messageTimeline: readonly string[];
  /** The timelines of the applications with the first violations of each kind. */
  applicationTimelines: readonly { what: string; lines: readonly string[] }[];
  /** Number of failed requests by code, and by channel for publications. */
  errors: Record<string, number>;
  /** Descriptions of conditions that were not reached in time. */
  late: readonly string[];
}

/** Receives the progress of a run. */
export interface Progress {
  published(count: number): void;
  phase(what: string): void;
}

/** Maximum number of conditions that one late phase reports. */
const MAX_REPORTED_LATE = 5;

/** Maximum number of application timelines for each kind of violation. */
const TIMELINES_PER_KIND = 2;

/** How long presence may be wrong at the end, in milliseconds: one lease, and some time to rejoin. */
const PRESENCE_MS = (LEASE_SECONDS + 10) * 1_000;

const LINGER_CHANNELS: ReadonlySet<string> = new Set(
  CHANNELS.flatMap(({ name, lingerMs }) => (lingerMs === undefined ? [] : [name])),
);

const SIZES = new Map(CHANNELS.map(({ name, size }) => [name, size]));

/** How much of a channel's messages the history keeps. */
const retention = (channel: string): ReturnType<RunRecord["retention"]> => {
  const size = SIZES.get(channel);
  if (size === undefined) return "nothing";
  return size >= Math.max(...[...SIZES.values()].map((each) => each ?? 0)) ? "all" : "some";
};

/** One run: inject faults, stop the faults, wait for recovery, check. */
class Run {
  readonly #journal = new Journal();
  readonly #timeline = new MessageTimeline();
  readonly #errors: Record<string, number> = {};
  readonly #late: string[] = [];
  readonly #schedule: Schedule;
  readonly #faults: Faults;
  readonly #profile: LoadProfile;
  #lifetimes = 0;
  #workers = 0;

  constructor(
    private readonly root: string,
    private readonly options: ChaosOptions,
    private readonly progress: Progress,
  ) {
    const { seed, messages } = options;
    this.#schedule = new Schedule(seed, messages);
    this.#faults = new Faults(seed, this.#schedule, this.#timeline, this.#journal);
    this.#profile = loadProfileOf(messages);
  }

  async run(): Promise<Outcome> {
    const target = await startTarget(this.root, {
      dynamodb: this.options.dynamodb ?? "embedded",
      faults: this.#faults,
      limits: { connectionMs: this.#profile.connectionMs },
      log: () => undefined,
      report: (invocation) => this.#invoked(invocation),
    });
    try {
      return await this.#on(target);
    } finally {
      await target.close();
    }
  }

  async #on({ system }: Target): Promise<Outcome> {
    const { seed, messages } = this.options;
    const [journal, timeline, profile] = [this.#journal, this.#timeline, this.#profile];
    this.#faults.system = system;
    const onError = (what: string): void => void (this.#errors[what] = (this.#errors[what] ?? 0) + 1);
    const onLifetime = (): void => void (this.#lifetimes += 1);
    const recovers = (channel: string): boolean => retention(channel) !== "nothing";
    const context = {
      Sdk: loadBundledSdk(this.root),
      url: system.websocketUrl,
      seed,
      profile,
      journal,
      timeline,
      onError,
      onLifetime,
      recovers,
      keepsAll: (channel: string): boolean => retention(channel) === "all",
    };
    const plan = planOf(seed, messages);
    const pool = connectAll(context, plan);
    const moves = new SubscriptionChurn(seed, messages, pool.all);
    const table = new TableView(system);
    try {
      await this.#await("initial subscriptions of all clients", () =>
        pool.all.flatMap(({ pendingWork }) => pendingWork),
      );
      this.progress.phase("all clients are subscribed");
      moves.begin();
      let published = 0;
      const count = (): void => this.progress.published((published += 1));
      const random = randomFor(seed, "victims");
      const { publishers, all: victims } = pool;
      await publishAll({
        plan,
        publishers,
        victims,
        schedule: this.#schedule,
        churn: moves,
        random,
        onAnswered: count,
      });
      this.#schedule.end();
      moves.end();
      return this.#outcome(await this.#judged(system, pool, table), moves.done);
    } finally {
      for (const client of pool.all) client.end();
      table.close();
    }
  }

  async #judged(system: Target["system"], pool: ClientPool, table: TableView): Promise<Violation[]> {
    this.progress.phase("faults stopped");
    const missing = (): string[] => {
      const waiting = pool.all.flatMap(({ pendingWork }) => pendingWork);
      return waiting.length > 0 ? waiting : checkRun(this.#history()).map(({ what }) => what);
    };
    await this.#await("recovery of all clients", missing);
    await publishFinalMessages([...pool.publishers.values()][0]!);
    await this.#await("the last messages", missing);
    this.progress.phase("presence");
    for (const { name } of CHANNELS.filter(({ presence }) => presence)) {
      await this.#await(`presence on ${name}`, () => presenceErrors(pool.all, name), PRESENCE_MS, PRESENCE_MS);
    }
    this.progress.phase("states");
    const wrongStates = await checkStatesAtRest(this.#journal, pool.all, table, PRESENCE_MS);
    this.progress.phase("sweep");
    const { items, stale } = await sweepOnce(system, table);
    const staleRows = stale.map((item) => JSON.stringify(item));
    return [...checkRun({ ...this.#history(), stored: storedMessages(items), staleRows }), ...wrongStates];
  }

  /** @param missing returns descriptions of what is still missing */
  async #await(
    what: string,
    missing: () => string[] | Promise<string[]>,
    ms = this.#profile.settleMs,
    idleMs?: number,
  ): Promise<void> {
    const rest = await waitUntilStable(missing, ms, idleMs);
    if (rest.length > 0) this.#late.push(`${what}: ${rest.slice(0, MAX_REPORTED_LATE).join("; ")}`);
  }

  #history(): RunRecord {
    return { journal: this.#journal, retention, lingers: (channel) => LINGER_CHANNELS.has(channel) };
  }

  #outcome(violations: Violation[], moves: Outcome["churn"]): Outcome {
    const publications = [...this.#journal.publications.values()];
    const wrong = { lost: 0, duplicated: 0, reordered: 0, wrongPosition: 0, leaked: 0, staleRows: 0, wrongState: 0 };
    for (const violation of violations) wrong[violation.wrong] += 1;
    const first = violations.find(({ uuid }) => uuid !== undefined)?.uuid;
    const guarded = (is: (doing: GuardBehavior) => boolean): number =>
      publications.filter(({ data, result }) => result && data.do && is(data.do)).length;
    const { recoveries, missed, ...counted } = countEvents(this.#journal);
    return {
      published: publications.length,
      acknowledged: publications.filter(({ result }) => result?.acknowledged).length,
      violationCounts: wrong,
      missed,
      recoveries,
      checked: {
        ...counted,
        remounts: moves.remounted,
        workers: this.#workers,
        positions: countPositions(publications),
        ephemerals: publications.filter(({ data, result }) => data.ephemeral && result?.acknowledged).length,
      },
      churn: moves,
      faults: {
        ...this.#schedule.struck,
        lifetime: this.#lifetimes,
        guardSlow: guarded((doing) => doing === "slow"),
        guardDead: guarded((doing) => doing !== "deny" && !isPermitted({ do: doing })),
      },
      violations,
      messageTimeline: first === undefined ? [] : this.#timeline.of(first),
      applicationTimelines: this.#stories(violations),
      errors: this.#errors,
      late: this.#late,
    };
  }

  #stories(violations: readonly Violation[]): Outcome["applicationTimelines"] {
    const counts = new Map<string, number>();
    return violations.flatMap(({ wrong, what, who, channel, uuid }) => {
      const before = counts.get(wrong) ?? 0;
      if (who === undefined || channel === undefined || before >= TIMELINES_PER_KIND) return [];
      counts.set(wrong, before + 1);
      return [{ what, lines: applicationTimeline(this.#journal, { who, channel, uuid }) }];
    });
  }

  /** Counts worker invocations, and reads from `$connect` events which client a connection belongs to. */
  #invoked({ event, functionId, result }: InvocationReport): void {
    if (roleOf(functionId) === "deliver") {
      this.#workers += 1;
      if (result.ok)
        for (const { messageId } of (event as { Records: { messageId: string }[] }).Records)
          this.#journal.delivered(messageId);
    }
    const { requestContext, headers } = event as {
      requestContext?: { eventType?: string; connectionId?: string };
      headers?: Record<string, string>;
    };
    const { eventType, connectionId } = requestContext ?? {};
    if (eventType !== "CONNECT" || connectionId === undefined) return;
    const offered =
      Object.entries(headers ?? {}).find(([name]) => name.toLowerCase() === "sec-websocket-protocol")?.[1] ?? "";
    const credentials = offered.split(/, ?/).find((each) => each.startsWith(CREDENTIALS_PREFIX));
    if (credentials === undefined) return;
    const { name } = JSON.parse(Buffer.from(credentials.slice(CREDENTIALS_PREFIX.length), "base64url").toString()) as {
      name: string;
    };
    this.#journal.owns(connectionId, name);
  }
}

/**
 * Runs a system under injected faults, and checks the delivery of each message.
 * @param root the repository's folder; it must be built
 */
export const chaos = (root: string, options: ChaosOptions, progress: Progress): Promise<Outcome> =>
  new Run(root, options, progress).run();
