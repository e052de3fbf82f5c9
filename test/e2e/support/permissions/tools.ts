import type { TestSystem } from "../system.js";
import type { Wire } from "../wire.js";

/** An option of channels that some functions have work with. */
export type Option = "presence" | "linger" | "latest" | "history";

/** Tools that make functions do all their work. */
export interface Tools {
  readonly system: TestSystem;
  /** Whether some channel has an option. */
  has(option: Option): boolean;
  /** Fails at the first refused call, rather than when its consequence has not come for long enough. */
  allowed<T>(work: Promise<T>): Promise<T>;
  /** A connection whose rows say that it is a minute old, and that API Gateway calls gone. */
  leaveBehind(channel: string): Promise<string>;
  /** A connection that is subscribed, and takes nothing until it is let. */
  takeNothing(channel: string): Promise<{ wire: Wire; takeAll: () => void }>;
  /** Has API Gateway forget a connection's `$disconnect`. */
  lose(connectionId: string): void;
  /** Resolves when `onDisconnect` has run for a connection. */
  disconnectGuardRan(connectionId: string): Promise<unknown>;
  /** Resolves when a function has run once more than now. */
  nextRun(name: string): Promise<unknown>;
  /** The logical id of a function of the construct. */
  idOf(name: string): string;
}
