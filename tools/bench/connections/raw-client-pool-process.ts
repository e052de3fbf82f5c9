import { serve } from "../load/child.js";
import { RawClientPool, type PoolState } from "./raw-client-pool.js";

/** The operations of the process with the client pool. */
export interface PoolOperations {
  connect(count: number): Promise<void>;
  subscribe(): Promise<void>;
  hold(seconds: number): Promise<void>;
  state(): PoolState;
}

void serve(({ url }: { url: string }) => {
  const crowd = new RawClientPool(url);
  const works: PoolOperations = {
    connect: (count) => crowd.connect(count),
    subscribe: () => crowd.subscribe(),
    hold: (seconds) => crowd.hold(seconds),
    state: () => crowd.state,
  };
  return Promise.resolve({ works, close: () => crowd.end() });
});
