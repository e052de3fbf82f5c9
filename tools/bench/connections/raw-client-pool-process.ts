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
  const pool = new RawClientPool(url);
  const works: PoolOperations = {
    connect: (count) => pool.connect(count),
    subscribe: () => pool.subscribe(),
    hold: (seconds) => pool.hold(seconds),
    state: () => pool.state,
  };
  return Promise.resolve({ works, close: () => pool.end() });
});
