import type { Clock } from "./clock.js";

/** How many microtasks pass between two events, so that all promises that the first one settled are handled. */
const MICROTASKS = 16;

/** How many times the fake must be found idle in a row: the application may just be about to send. */
const IDLE_CHECKS = 3;

/** Waits for some microtasks. Promises have them whatever timers a test runner has replaced. */
export const microtasks = async (): Promise<void> => {
  for (let count = 0; count < MICROTASKS; count += 1) await Promise.resolve();
};

/**
 * Checks that microtasks run by themselves. The SDK calls the application in microtasks.
 * @throws Error if a test runner holds them up
 */
export const requireMicrotasks = (): void => {
  // Jest and Vitest use @sinonjs/fake-timers, whose functions have this property.
  if ("clock" in queueMicrotask)
    throw new Error(
      'FakePushIt: fake timers hold up microtasks, so nothing would ever arrive. Use jest.useFakeTimers({ doNotFake: ["queueMicrotask"] }).',
    );
};

/**
 * Delivers frames and other events one after the other, without timers if there is no latency. It knows what is in
 * flight, and which jobs of the server run.
 */
export class EventLoop {
  readonly #clock: Clock;
  readonly #latencyMs: number;
  /** Called with what an event handler of the application threw. */
  readonly #report: (error: unknown) => void;
  readonly #ready: (() => void)[] = [];
  /** When the events under way arrive, in epoch milliseconds. */
  readonly #underWay = new Set<{ at: number }>();
  #jobs = 0;
  #isPumping = false;
  #wake: (() => void)[] = [];

  constructor(clock: Clock, latencyMs: number, report: (error: unknown) => void) {
    this.#clock = clock;
    this.#latencyMs = latencyMs;
    this.#report = report;
  }

  /** Runs `event` after the latency, and after all earlier events. */
  post(event: () => void): void {
    if (this.#latencyMs === 0) return this.#enqueue(event);
    const entry = { at: this.#clock.now() + this.#latencyMs };
    this.#underWay.add(entry);
    this.#clock.after(this.#latencyMs, () => {
      this.#underWay.delete(entry);
      this.#enqueue(event);
    });
  }

  /** Runs a job of the server, which `settled` waits for. Its errors are reported. */
  run(job: () => Promise<void>): void {
    this.#jobs += 1;
    void job()
      .catch(this.#report)
      .finally(() => {
        this.#jobs -= 1;
        this.#changed();
      });
  }

  /** Waits until the events that are due have happened. Jobs of the server may still wait for guards. */
  async drained(): Promise<void> {
    requireMicrotasks();
    for (let idle = 0; idle < IDLE_CHECKS; idle += 1) {
      await microtasks();
      while (this.#isPumping) {
        idle = 0;
        await this.#change();
      }
    }
  }

  /** Waits until nothing is in flight and the server does nothing. A clock that stands still moves on for frames. */
  async settled(): Promise<void> {
    for (;;) {
      await this.drained();
      const [first] = this.#underWay;
      if (this.#isPumping) continue;
      if (this.#jobs > 0) await this.#change();
      else if (first) await this.#clock.reach(Math.min(...[...this.#underWay].map(({ at }) => at)));
      else return;
    }
  }

  #enqueue(event: () => void): void {
    this.#ready.push(event);
    if (this.#isPumping) return;
    this.#isPumping = true;
    void this.#pump();
  }

  async #pump(): Promise<void> {
    await microtasks();
    for (let event; (event = this.#ready.shift());) {
      try {
        event();
      } catch (error) {
        this.#report(error);
      }
      await microtasks();
    }
    this.#isPumping = false;
    this.#changed();
  }

  #change(): Promise<void> {
    return new Promise((resolve) => this.#wake.push(resolve));
  }

  #changed(): void {
    for (const wake of this.#wake.splice(0)) wake();
  }
}
