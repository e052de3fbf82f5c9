import { setTimeout as sleep } from "node:timers/promises";
import fc from "fast-check";
import { deriveSeed } from "../lib/random.js";
import { TableChecker, type Row, type TableReader } from "./table-checker.js";
import { EpisodeRunner } from "./episode-runner.js";
import { type Episode, episode } from "./frames.js";
import { DeliveryModel } from "./delivery-model.js";
import type { FuzzContext } from "./context.js";
import { HistoryModel } from "./history-model.js";
import { Pace } from "./pace.js";
import { PresenceModel } from "./presence-model.js";

/** The options of a run. */
export interface FuzzOptions {
  /** Number of frames and handshakes. */
  runs: number;
  seed: number;
  /** Only this episode, or its shrunk form, as a violation names it. */
  path?: string;
  /** Number of parallel episodes. @default PARALLEL_EPISODES */
  parallel?: number;
  /** Number of violations after which no episode begins. @default MAX_VIOLATIONS */
  maxViolations?: number;
  /**
   * Prefix of the channel names. Fuzzers on the same system need different ones, because each knows only its own
   * histories. @default "t"
   */
  tag?: string;
}

/** The system to fuzz. */
export interface FuzzTarget {
  url: string;
  tableName: string;
  rows: Pick<TableReader, "all">;
  /** Whether the log reports timeouts since a time in epoch milliseconds, or shortly before it. */
  sawTimeouts(since: number): boolean;
}

/** A violation of the protocol. */
export interface Violation {
  /** Descriptions in order. */
  what: string[];
  /** The options that replay it; absent: it belongs to the whole run. */
  replay?: string;
  /** The smallest episode that shows it. */
  episode?: Episode;
}

/** The result of a run. */
export interface Outcome {
  runs: number;
  violations: Violation[];
  /** Number of episodes that ended early each time they were tried, because a service did not answer in time. */
  excused: number;
  /** Number of each code, `ok`, `message`, `none`, close code and HTTP status. */
  answers: Record<string, number>;
}

/** Parallel episodes. With two to four agents each, these are some dozens of connections. */
const PARALLEL_EPISODES = 12;

/** How often an episode is tried in which a service does not answer in time, and the pause before each, in milliseconds. */
const MAX_TRIES = 4;
const PAUSE_MS = 1_000;

/** Number of tags, so that parallel episodes have different ones. */
const TAGS = 64;

/** Maximum time for shrinking a violation, in milliseconds. */
const SHRINK_MS = 30_000;

/** The default number of violations after which no episode begins. */
const MAX_VIOLATIONS = 5;

/**
 * Maximum time until all rows of disconnected agents are deleted, in milliseconds, and the polling interval. The sweep
 * deletes the rows of a denied socket after a minute if `$disconnect` missed them.
 */
const CLEANUP_MS = 90_000;
const POLL_MS = 250;

const size = ({ bursts }: Episode): number => bursts.flat().length;

/** The episode with at most `count` interactions. */
const shortened = (whole: Episode, count: number): Episode => {
  let left = count;
  const bursts = whole.bursts.map((burst) => {
    const kept = burst.slice(0, left);
    left -= kept.length;
    return kept;
  });
  return { ...whole, bursts: bursts.filter((burst) => burst.length > 0) };
};

/** Runs episodes against a system until the number of runs is reached, and checks all answers. */
export class Fuzzer {
  readonly #deliveries = new DeliveryModel();
  readonly #histories = new HistoryModel();
  readonly #presence = new PresenceModel(this.#deliveries);
  readonly #tableChecker = new TableChecker(this.#deliveries, this.#histories, this.#presence);
  readonly #context: Omit<FuzzContext, "excuse">;
  readonly #outcome: Outcome = { runs: 0, violations: [], excused: 0, answers: {} };
  readonly #shrinkMs: number;
  readonly #begun = Date.now();
  #next = 0;

  /**
   * @param progress called with the number of finished runs
   * @param shrinkMs maximum time for shrinking a violation @default 30000
   */
  constructor(
    fire: FuzzTarget,
    private readonly options: FuzzOptions,
    private readonly progress: (runs: number) => void = () => undefined,
    shrinkMs = SHRINK_MS,
  ) {
    this.#shrinkMs = shrinkMs;
    const { answers } = this.#outcome;
    const answer = (code: string): void => void (answers[code] = (answers[code] ?? 0) + 1);
    this.#context = {
      ...fire,
      deliveries: this.#deliveries,
      histories: this.#histories,
      presence: this.#presence,
      tableChecker: this.#tableChecker,
      answer,
    };
  }

  /** Runs all episodes. */
  async run(): Promise<Outcome> {
    const { path, parallel = PARALLEL_EPISODES } = this.options;
    const pace = new Pace(parallel);
    if (path === undefined) await Promise.all(Array.from({ length: parallel }, (_, place) => this.#lane(place, pace)));
    else await this.#replay(path);
    if (this.#outcome.violations.length === 0) await this.#cleanedUp();
    return this.#outcome;
  }

  async #lane(place: number, pace: Pace): Promise<void> {
    const { runs, maxViolations = MAX_VIOLATIONS } = this.options;
    while (this.#outcome.runs < runs && this.#outcome.violations.length < maxViolations) {
      if (place >= pace.lanes) {
        await sleep(POLL_MS);
        continue;
      }
      const index = this.#next;
      this.#next += 1;
      await this.#checkInTime(index, pace);
    }
  }

  async #replay(path: string): Promise<void> {
    const [index = "", ...steps] = path.split(":");
    await this.#check(Number(index), steps.length > 0 ? steps.join(":") : undefined);
  }

  /** Checks one episode, again if a service did not answer in time. */
  async #checkInTime(index: number, pace: Pace): Promise<void> {
    for (let tries = 1; ; tries += 1) {
      const inTime = await this.#check(index, undefined, tries === 1);
      pace.record(inTime);
      if (inTime) return;
      if (tries === MAX_TRIES) return void (this.#outcome.excused += 1);
      await sleep(PAUSE_MS * tries);
    }
  }

  /**
   * Runs one episode, and shrinks it if there is a violation.
   * @param counts whether it counts as runs
   * @returns whether all services answered in time, or there is a violation
   */
  async #check(index: number, path?: string, counts = true): Promise<boolean> {
    let first = counts;
    let inTime = true;
    let shrinkUntil = Infinity;
    let what: string[] = [];
    const property = fc.asyncProperty(episode(`${this.options.tag ?? "t"}${index % TAGS}`), async (generated) => {
      // Not fast-check's own time limit, which would also interrupt the episode.
      if (Date.now() >= shrinkUntil) return true;
      const found = await this.#play(generated, first, () => (inTime = false));
      first = false;
      if (found.length === 0) return true;
      what = found;
      shrinkUntil = Math.min(shrinkUntil, Date.now() + this.#shrinkMs);
      return false;
    });
    const result = await fc.check(property, {
      seed: deriveSeed(this.options.seed, index + 1),
      numRuns: 1,
      ...(path === undefined ? {} : { path }),
    });
    if (what.length === 0) return inTime;
    const replay = `--seed ${this.options.seed} --path ${index}:${result.counterexamplePath ?? "0"}`;
    this.#outcome.violations.push({
      what,
      replay,
      ...(result.counterexample ? { episode: result.counterexample[0] } : {}),
    });
    return true;
  }

  /** @param excuse called if the episode's violations are explained by timeouts */
  async #play(generated: Episode, counts: boolean, excuse: () => void): Promise<string[]> {
    const context = { ...this.#context, excuse };
    if (!counts) return new EpisodeRunner(context, generated).run();
    const left = this.options.path === undefined ? this.options.runs - this.#outcome.runs : Infinity;
    const played = size(generated) > left ? shortened(generated, left) : generated;
    this.#outcome.runs += size(played);
    const found = await new EpisodeRunner(context, played).run();
    this.progress(this.#outcome.runs);
    return found;
  }

  /** Checks that the table is clean after all agents have left. */
  async #cleanedUp(): Promise<void> {
    const until = Date.now() + CLEANUP_MS;
    const stay = async (): Promise<Row[]> =>
      (await this.#context.rows.all()).filter((row) => !this.#tableChecker.mayStay(row));
    let left = await stay();
    while (left.length > 0 && Date.now() < until) {
      await sleep(POLL_MS);
      left = await stay();
    }
    const what = [
      ...this.#tableChecker.checkRows(await this.#context.rows.all(true)).slice(0, MAX_VIOLATIONS),
      ...left
        .slice(0, MAX_VIOLATIONS)
        .map((row) => `a row stays in the table when all have left: ${JSON.stringify(row)}`),
      ...this.#tableChecker.unknownAgents.map((agent) => `the table had an agent that no client knows: ${agent}`),
    ];
    // After timeouts, an agent may not have received its id, and the sweep deletes leftover rows only after two hours.
    if (what.length > 0 && !this.#context.sawTimeouts(this.#begun)) this.#outcome.violations.push({ what });
  }
}
