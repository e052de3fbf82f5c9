import { AsyncResource, createHook, executionAsyncResource } from "node:async_hooks";

const CALL = Symbol("guard call");

/** An asynchronous resource, and the guard call that caused it. */
type Caused = { [CALL]?: number };

/**
 * Keeps `begun` at the guard call whose code is running: when it begins, and whenever one of its promises, timers or
 * requests continues it. A thread that is blocked or dies in the middle of several calls can so be blamed on the right
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
