import fc from "fast-check";
import { deriveSeed } from "../lib/random.js";
import { TableChecker, type Row, type TableReader } from "./table-checker.js";
import { EpisodeRunner } from "./episode-runner.js";
import { type Episode, episode } from "./frames.js";
import { DeliveryModel } from "./delivery-model.js";
import type { FuzzContext } from "./context.js";
import { HistoryModel } from "./history-model.js";

/** What is to be done. */
export interface FuzzOptions {
  /** How many interactions are judged. */
  runs: number;
  seed: number;
  /** One episode, or its shrunk form, as a violation names it; then nothing else is done. */
  path?: string;
  /** How many episodes go on at once. @default LANES */
  parallel?: number;
  /** Violations after which no further episode begins. @default ENOUGH */
  maxViolations?: number;
  /** What its channels' names begin with, where several fuzzers fire at one system: each knows its own histories. @default "t" */
  tag?: string;
}

/** What is fired at. */
export interface FuzzTarget {
  url: string;
  tableName: string;
  rows: Pick<TableReader, "all">;
  /** Whether the log says that something failed for lack of time. @default never */
  sawTimeouts?(): boolean;
}

/** Something that should not have been. */
export interface Violation {
  /** What was seen, the first thing first. */
  what: string[];
  /** How it is seen again; absent: it belongs to the whole run. */
  replay?: string;
  /** The smallest episode in which it was still seen. */
  episode?: Episode;
}

/** How a run went. */
export interface Outcome {
  runs: number;
  violations: Violation[];
  /** How often each code, `ok`, `message`, `none`, close code or HTTP status was seen. */
  answers: Record<string, number>;
}

/** Episodes at once: with two to four agents each, some dozens of connections. */
const PARALLEL_EPISODES = 12;

/** How many tags there are: two episodes at the same time have different ones. */
const TAGS = 64;

/** How long a violation may be shrunk, in milliseconds. */
const SHRINK_MS = 30_000;

/** Violations that are enough, where nothing else is said. */
const MAX_VIOLATIONS = 5;

/**
 * How long it may take until nothing is left of those who left, in milliseconds, and how often it is looked. What
 * `$disconnect` has missed of a denied socket is swept when that is a minute old; usually nothing is missed.
 */
const CLEANUP_MS = 90_000;
const POLL_MS = 250;

const size = ({ bursts }: Episode): number => bursts.flat().length;

/** The episode with no more than `count` interactions. */
const shortened = (whole: Episode, count: number): Episode => {
  let left = count;
  const bursts = whole.bursts.map((burst) => {
    const kept = burst.slice(0, left);
    left -= kept.length;
    return kept;
  });
  return { ...whole, bursts: bursts.filter((burst) => burst.length > 0) };
};

/** Fires episodes at a system until the number of runs is reached, and judges all that comes back. */
export class Fuzzer {
  readonly #deliveries = new DeliveryModel();
  readonly #histories = new HistoryModel();
  readonly #tableChecker = new TableChecker(this.#deliveries, this.#histories);
  readonly #context: FuzzContext;
  readonly #outcome: Outcome = { runs: 0, violations: [], answers: {} };
  readonly #shrinkMs: number;
  #next = 0;

  /**
   * @param progress is called with the number of runs that are done
   * @param shrinkMs how long a violation may be shrunk @default 30000
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
      sawTimeouts: () => false,
      ...fire,
      deliveries: this.#deliveries,
      histories: this.#histories,
      tableChecker: this.#tableChecker,
      answer,
    };
  }

  /** Does it all. */
  async run(): Promise<Outcome> {
    const { path, parallel = PARALLEL_EPISODES } = this.options;
    if (path === undefined) await Promise.all(Array.from({ length: parallel }, () => this.#lane()));
    else await this.#replay(path);
    if (this.#outcome.violations.length === 0) await this.#cleanedUp();
    return this.#outcome;
  }

  async #lane(): Promise<void> {
    const { runs, maxViolations = MAX_VIOLATIONS } = this.options;
    while (this.#outcome.runs < runs && this.#outcome.violations.length < maxViolations) {
      const index = this.#next;
      this.#next += 1;
      await this.#check(index);
    }
  }

  async #replay(path: string): Promise<void> {
    const [index = "", ...steps] = path.split(":");
    await this.#check(Number(index), steps.length > 0 ? steps.join(":") : undefined);
  }

  /** Plays one episode, and shrinks it when something is wrong. */
  async #check(index: number, path?: string): Promise<void> {
    let first = true;
    let shrinkUntil = Infinity;
    let what: string[] = [];
    const property = fc.asyncProperty(episode(`${this.options.tag ?? "t"}${index % TAGS}`), async (generated) => {
      // Not fast-check's own limit of time: that would also interrupt, and lose, the episode itself.
      if (Date.now() >= shrinkUntil) return true;
      const found = await this.#play(generated, first);
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
    if (what.length === 0) return;
    const replay = `--seed ${this.options.seed} --path ${index}:${result.counterexamplePath ?? "0"}`;
    this.#outcome.violations.push({
      what,
      replay,
      ...(result.counterexample ? { episode: result.counterexample[0] } : {}),
    });
  }

  async #play(generated: Episode, counts: boolean): Promise<string[]> {
    if (!counts) return new EpisodeRunner(this.#context, generated).run();
    const left = this.options.path === undefined ? this.options.runs - this.#outcome.runs : Infinity;
    const played = size(generated) > left ? shortened(generated, left) : generated;
    this.#outcome.runs += size(played);
    const found = await new EpisodeRunner(this.#context, played).run();
    this.progress(this.#outcome.runs);
    return found;
  }

  /** Everybody has left: nothing may stay in the table. */
  async #cleanedUp(): Promise<void> {
    const until = Date.now() + CLEANUP_MS;
    const stay = async (): Promise<Row[]> =>
      (await this.#context.rows.all()).filter((row) => !this.#tableChecker.mayStay(row));
    let left = await stay();
    while (left.length > 0 && Date.now() < until) {
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
      left = await stay();
    }
    const what = [
      ...this.#tableChecker.checkRows(await this.#context.rows.all(true)).slice(0, MAX_VIOLATIONS),
      ...left
        .slice(0, MAX_VIOLATIONS)
        .map((row) => `a row stays in the table when all have left: ${JSON.stringify(row)}`),
      ...this.#tableChecker.unknownAgents.map((agent) => `the table had an agent that nobody is: ${agent}`),
    ];
    // Where a service did not answer in time, an agent may not have been told its id, and what a removal has left is the
    // sweep's, in two hours.
    if (what.length > 0 && !this.#context.sawTimeouts()) this.#outcome.violations.push({ what });
  }
}
