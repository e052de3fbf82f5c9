import type { WorkerLike } from "../../../lambdas/guards/guard-thread.js";
import { GuardHost } from "../../../lambdas/guards/host.js";
import type { FromWorker, ToWorker } from "../../../lambdas/guards/messages.js";
import { TestLog } from "../support/fakes.js";

/** A worker under the test's control. */
export class ScriptedWorker implements WorkerLike {
  readonly received: ToWorker[] = [];
  terminated = false;
  #listener: (message: FromWorker) => void = () => undefined;

  on(event: string, listener: (argument: never) => void): void {
    if (event === "message") this.#listener = listener as (message: FromWorker) => void;
  }

  postMessage(message: ToWorker): void {
    this.received.push(message);
  }

  emit(message: FromWorker): void {
    this.#listener(message);
  }

  async terminate(): Promise<void> {
    this.terminated = true;
    await Promise.resolve();
  }
}

/** A host on fake timers whose workers are scripted. `begun` returns the memory that its last worker shares. */
export const scripted = () => {
  jest.useFakeTimers();
  const workers: ScriptedWorker[] = [];
  let last: Int32Array = new Int32Array(1);
  const log = new TestLog();
  const host = new GuardHost(({ begun }) => {
    last = new Int32Array(begun);
    const worker = new ScriptedWorker();
    workers.push(worker);
    return worker;
  }, log);
  return { host, workers, log, begun: () => last };
};
