import { copyFileSync, existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { Worker } from "node:worker_threads";
import { DEFAULT_LIMITS, type GuardTimeouts } from "../../../protocol/index.js";
import { GuardHost } from "../../../lambdas/guards/host.js";
import type { WorkerSetup } from "../../../lambdas/guards/messages.js";
import { DeveloperGuards } from "../../../lambdas/guards/developer-guards.js";
import { TestLog } from "../support/fakes.js";

const WORKER = join(__dirname, "../../../dist/lambdas/guard-worker.mjs");

/** A guard's time if a test lets it run out, in milliseconds: enough for a worker to start on a busy machine. */
export const TIMEOUT = 600;

/** A guard's time in all other tests, in milliseconds. */
export const LONG_TIMEOUT = 10_000;

/** By when, after its timeout, a guard that fails must have a result, in milliseconds. */
export const GRACE = 8_000;

const timeoutsOf = (milliseconds: number): GuardTimeouts => ({
  onConnectionRequest: milliseconds,
  onSubscriptionRequest: milliseconds,
  onPublicationRequest: milliseconds,
  onUnsubscriptionRequest: milliseconds,
  onPresenceRequest: milliseconds,
  onMessageReceived: milliseconds,
  onDisconnect: milliseconds,
});

/** A guard module in a folder of its own, next to the worker as it is deployed, in real threads. */
export class GuardFolder {
  readonly log = new TestLog();
  readonly host: GuardHost;
  readonly guards: DeveloperGuards;
  /** How many threads were started. */
  started = 0;
  /** Resolves when the thread that was started last has ended. */
  ended: Promise<unknown> = Promise.resolve();
  /** Whether the process has used too much memory. */
  exhausted = (): boolean => false;
  readonly #folder = mkdtempSync(join(tmpdir(), "push-it-guards-"));

  /**
   * @param source the module, as it is after bundling; a bare object literal is default-exported
   * @param timeout every guard's, in milliseconds
   * @param memoryMb how much memory the thread may use
   */
  constructor(source: string, { timeout = LONG_TIMEOUT, memoryMb = 64 }: { timeout?: number; memoryMb?: number } = {}) {
    if (!existsSync(WORKER)) throw new Error(`${WORKER} is missing: npm test builds it, and so does npm run build`);
    copyFileSync(WORKER, join(this.#folder, "guard-worker.mjs"));
    this.write(source);
    this.host = new GuardHost(
      (setup) => this.#spawn(setup, memoryMb),
      this.log,
      () => this.exhausted(),
    );
    this.guards = new DeveloperGuards(this.host, timeoutsOf(timeout), this.log);
  }

  /** Waits until the module is loaded, so that a guard's time is its own. */
  async ready(): Promise<this> {
    await this.host.manifest(LONG_TIMEOUT);
    return this;
  }

  /** Changes the module; the next thread loads it. */
  write(source: string): void {
    const module = source.trimStart().startsWith("{") ? `export default ${source};` : source;
    writeFileSync(join(this.#folder, "guards.mjs"), module);
  }

  #spawn(setup: Pick<WorkerSetup, "begun">, memoryMb: number): Worker {
    this.started += 1;
    const worker = new Worker(join(this.#folder, "guard-worker.mjs"), {
      workerData: {
        ...setup,
        module: pathToFileURL(join(this.#folder, "guards.mjs")).href,
        rules: { wildcards: ["stories/*"], limits: DEFAULT_LIMITS },
      } satisfies WorkerSetup,
      resourceLimits: { maxOldGenerationSizeMb: memoryMb, maxYoungGenerationSizeMb: 8 },
      stderr: true,
    });
    this.ended = new Promise((resolve) => worker.once("exit", resolve));
    return worker;
  }

  async close(): Promise<void> {
    await this.host.close();
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

const open: GuardFolder[] = [];

/** A guard module that `closeGuards` closes. */
export const guardFolder = (...args: ConstructorParameters<typeof GuardFolder>): GuardFolder => {
  const folder = new GuardFolder(...args);
  open.push(folder);
  return folder;
};

/** For `afterEach`: ends the threads, in whatever state they are. */
export const closeGuards = async (): Promise<void> => {
  await Promise.all(open.splice(0).map((folder) => folder.close()));
};

/** The result of some work, and how long it took, in milliseconds. */
export const timed = async <T>(work: Promise<T>): Promise<{ value: T; took: number }> => {
  const begun = performance.now();
  const value = await work;
  return { value, took: performance.now() - begun };
};
