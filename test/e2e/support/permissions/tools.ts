import type { InvocationReport } from "../../../../local/lambda/pool.js";
import type { TestSystem } from "../system.js";
import type { Wire } from "../wire.js";

/** What makes functions do all their work. */
export interface Tools {
  readonly system: TestSystem;
  /** Fails at the first refused call, rather than when its consequence has not come for long enough. */
  allowed<T>(work: Promise<T>): Promise<T>;
  /** A connection whose rows say that it is a minute old, and that API Gateway calls gone. */
  leaveBehind(channel: string): Promise<string>;
  /** A connection that is subscribed, and takes nothing until it is let. */
  takeNothing(channel: string): Promise<{ wire: Wire; takeAll: () => void }>;
  /** Resolves when the guard of a connection's leaving has been told. */
  told(connectionId: string): Promise<InvocationReport>;
  /** Resolves when a function has run once more than now. */
  nextRun(name: string): Promise<unknown>;
}
