import { AsyncResource, createHook, executionAsyncResource } from "node:async_hooks";

const CALL = Symbol("guard call");

/** An asynchronous resource, and the guard call that caused it. */
type Caused = { [CALL]?: number };

/**
 * Stores the id of the running guard call in `begun`: when the call starts, and whenever one of its promises, timers or
 * requests continues it. If a thread with several calls is blocked or dies, this is the responsible
 * one.
 * @param begun one shared 32-bit integer: the id of the call
 * @returns runs the code of one call
 */
export const trackCalls = (begun: Int32Array): ((id: number, code: () => void) => void) => {
  const current = (): Caused => executionAsyncResource();
  createHook({
    init(_asyncId, _type, _trigger, resource: Caused) {
      const id = current()[CALL];
      if (id !== undefined) resource[CALL] = id;
    },
    before() {
      const id = current()[CALL];
      if (id !== undefined) Atomics.store(begun, 0, id);
    },
  }).enable();
  return (id, code) => {
    const resource: AsyncResource & Caused = new AsyncResource("push-it guard call");
    resource[CALL] = id;
    resource.runInAsyncScope(code);
  };
};
