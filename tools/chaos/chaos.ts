import type { InvocationReport } from "../../local/services/lambda/runtime/pool.js";
import { CREDENTIALS_PREFIX } from "../../protocol/index.js";
import { CHANNELS } from "./channels.js";
import { type History, judge, type Violation, type Wrong } from "./checker.js";
import { countsOf } from "./counts.js";
import { type Crowd, gather } from "./crowd.js";
import { Faults, roleOf } from "./faults.js";
import { Journal } from "./journal.js";
import { type Move, Moves } from "./moves.js";
import { type Pace, paceOf } from "./pace.js";
import { planOf } from "./plan.js";
import { type Doing, isPermitted } from "./policy.js";
import { positionsIn } from "./positions.js";
import { publishAll } from "./publishing.js";
import { comesTogether, farewell, sweepOnce, wronglyPresent } from "./quiet.js";
import { randomFor } from "../lib/random.js";
import { type Kind, Schedule } from "./schedule.js";
import { storyOf } from "./story.js";
import { storedIn, TableView } from "./table.js";
import { LEASE_SECONDS, loadBundledSdk, startTarget, type Target } from "./target.js";
import { Trail } from "./trail.js";

/** What is to be done. */
export interface ChaosOptions {
  seed: number;
  /** How many publications. */
  messages: number;
  /** The engine: `embedded`, or `local` for Amazon's DynamoDB Local. @default "embedded" */
  dynamodb?: string;
}

/** What strikes: by schedule, by the clock, or because a publication wants it. */
export type FaultKind = Kind | "lifetime" | "guardSlow" | "guardDead";

/** What must have been there to be judged, by how often it was. */
export interface Judged {
  /** Subscriptions that an application ended, and was told so. */
  unsubscriptions: number;
  /** Components that others replaced in one turn. */
  remounts: number;
  /** Subscriptions to wildcards that were acknowledged. */
  wildcards: number;
  /** Runs of workers that deliver what the publishing function does not. */
  workers: number;
  /** Publications whose positions their publishers were told. */
  positions: number;
}

/** How a run went. */
export interface Outcome {
  published: number;
  acknowledged: number;
  wrong: Record<Wrong, number>;
  /** How often an application was subscribed again after a loss. */
  recoveries: number;
  judged: Judged;
  moves: Record<Move, number>;
  /** How often somebody was told that it has missed something. */
  missed: number;
  faults: Record<FaultKind, number>;
  violations: readonly Violation[];
  /** What happened to the first message that something is wrong with. */
  trail: readonly string[];
  /** What the applications did and were told that the first violations of each kind are about. */
  stories: readonly { what: string; lines: readonly string[] }[];
  /** How often requests failed with each code, publications by channel. */
  errors: Record<string, number>;
  /** What did not come about in time, in words. */
  late: readonly string[];
}

/** Told how far a run is. */
export interface Progress {
  published(told: number): void;
  phase(what: string): void;
}

/** How much of what is late is told. */
const MOST = 5;

/** How many stories are told of each kind of violation. */
const STORIES = 2;

/** How long presence may be wrong at the end, in milliseconds: one lease, and a moment for who was taken for gone. */
const PRESENCE_MS = (LEASE_SECONDS + 10) * 1_000;

const LINGERING: ReadonlySet<string> = new Set(
  CHANNELS.flatMap(({ name, lingerMs }) => (lingerMs === undefined ? [] : [name])),
);

const SIZES = new Map(CHANNELS.map(({ name, size }) => [name, size]));

/** Whether a run of so many messages may be more than a channel keeps. */
const keeps = (channel: string): ReturnType<History["keeps"]> => {
  const size = SIZES.get(channel);
  if (size === undefined) return "nothing";
  return size >= Math.max(...[...SIZES.values()].map((each) => each ?? 0)) ? "all" : "some";
};

/** One run: everything strikes, nothing strikes any more, everything is judged. */
class Run {
  readonly #journal = new Journal();
  readonly #trail = new Trail();
  readonly #errors: Record<string, number> = {};
  readonly #late: string[] = [];
  readonly #schedule: Schedule;
  readonly #faults: Faults;
  readonly #pace: Pace;
  #lifetimes = 0;
  #workers = 0;

  constructor(
    private readonly root: string,
    private readonly options: ChaosOptions,
    private readonly progress: Progress,
  ) {
    const { seed, messages } = options;
    this.#schedule = new Schedule(seed, messages);
    this.#faults = new Faults(seed, this.#schedule, this.#trail, this.#journal);
    this.#pace = paceOf(messages);
  }

  async run(): Promise<Outcome> {
    const target = await startTarget(this.root, {
      dynamodb: this.options.dynamodb ?? "embedded",
      faults: this.#faults,
      limits: { connectionMs: this.#pace.connectionMs },
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
    const [journal, trail, pace] = [this.#journal, this.#trail, this.#pace];
    this.#faults.system = system;
    const onError = (what: string): void => void (this.#errors[what] = (this.#errors[what] ?? 0) + 1);
    const onLifetime = (): void => void (this.#lifetimes += 1);
    const recovers = (channel: string): boolean => keeps(channel) !== "nothing";
    const context = {
      Sdk: loadBundledSdk(this.root),
      url: system.websocketUrl,
      seed,
      pace,
      journal,
      trail,
      onError,
      onLifetime,
      recovers,
    };
    const plan = planOf(seed, messages);
    const crowd = gather(context, plan);
    const moves = new Moves(seed, messages, crowd.all);
    const table = new TableView(system);
    try {
      await this.#await("everybody's subscriptions at the beginning", () =>
        crowd.all.flatMap(({ waitsFor }) => waitsFor),
      );
      this.progress.phase("everybody is there");
      moves.begin();
      let told = 0;
      const count = (): void => this.progress.published((told += 1));
      const random = randomFor(seed, "victims");
      const { publishers, all: victims } = crowd;
      await publishAll({ plan, publishers, victims, schedule: this.#schedule, moves, random, told: count });
      this.#schedule.end();
      moves.end();
      return this.#outcome(await this.#judged(system, crowd, table), moves.done);
    } finally {
      for (const client of crowd.all) client.end();
      table.close();
    }
  }

  async #judged(system: Target["system"], crowd: Crowd, table: TableView): Promise<Violation[]> {
    this.progress.phase("quiet");
    const missing = (): string[] => {
      const waiting = crowd.all.flatMap(({ waitsFor }) => waitsFor);
      return waiting.length > 0 ? waiting : judge(this.#history()).map(({ what }) => what);
    };
    await this.#await("everybody's recovery", missing);
    await farewell([...crowd.publishers.values()][0]!);
    await this.#await("the last messages", missing);
    this.progress.phase("presence");
    for (const { name } of CHANNELS.filter(({ presence }) => presence)) {
      await this.#await(`who is present on ${name}`, () => wronglyPresent(crowd.all, name), PRESENCE_MS);
    }
    this.progress.phase("sweep");
    const { items, stale } = await sweepOnce(system, table);
    const staleRows = stale.map((item) => JSON.stringify(item));
    return judge({ ...this.#history(), stored: storedIn(items), staleRows });
  }

  /** @param missing what is still waited for, in words */
  async #await(what: string, missing: () => string[] | Promise<string[]>, ms = this.#pace.quietMs): Promise<void> {
    const rest = await comesTogether(missing, ms);
    if (rest.length > 0) this.#late.push(`${what}: ${rest.slice(0, MOST).join("; ")}`);
  }

  #history(): History {
    return { journal: this.#journal, keeps, lingers: (channel) => LINGERING.has(channel) };
  }

  #outcome(violations: Violation[], moves: Outcome["moves"]): Outcome {
    const publications = [...this.#journal.publications.values()];
    const wrong = { lost: 0, duplicated: 0, reordered: 0, misplaced: 0, leaked: 0, staleRows: 0 };
    for (const violation of violations) wrong[violation.wrong] += 1;
    const first = violations.find(({ uuid }) => uuid !== undefined)?.uuid;
    const guarded = (is: (doing: Doing) => boolean): number =>
      publications.filter(({ data, told }) => told && data.do && is(data.do)).length;
    const { recoveries, missed, unsubscriptions, wildcards } = countsOf(this.#journal);
    return {
      published: publications.length,
      acknowledged: publications.filter(({ told }) => told?.acknowledged).length,
      wrong,
      missed,
      recoveries,
      judged: {
        unsubscriptions,
        remounts: moves.remounted,
        wildcards,
        workers: this.#workers,
        positions: positionsIn(publications),
      },
      moves,
      faults: {
        ...this.#schedule.struck,
        lifetime: this.#lifetimes,
        guardSlow: guarded((doing) => doing === "slow"),
        guardDead: guarded((doing) => doing !== "deny" && !isPermitted({ do: doing })),
      },
      violations,
      trail: first === undefined ? [] : this.#trail.of(first),
      stories: this.#stories(violations),
      errors: this.#errors,
      late: this.#late,
    };
  }

  #stories(violations: readonly Violation[]): Outcome["stories"] {
    const told = new Map<string, number>();
    return violations.flatMap(({ wrong, what, who, channel, uuid }) => {
      const before = told.get(wrong) ?? 0;
      if (who === undefined || channel === undefined || before >= STORIES) return [];
      told.set(wrong, before + 1);
      return [{ what, lines: storyOf(this.#journal, { who, channel, uuid }) }];
    });
  }

  /** Counts workers, and learns from `$connect` whose connection one is. */
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
 * Runs a system in which everything fails now and then, and judges what became of each message.
 * @param root the package's folder; it must have been built
 */
export const chaos = (root: string, options: ChaosOptions, progress: Progress): Promise<Outcome> =>
  new Run(root, options, progress).run();
