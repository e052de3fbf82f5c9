import type { TimeSpent } from "./messages.js";

/** The function and environment of a metered run. */
export interface RunContext {
  functionId: string;
  memoryMb: number;
  /** The environment's access key id. Requests that are signed with it during the run belong to the run. */
  accessKeyId: string;
}

/** Meters what functions use. */
export interface InvocationMeter {
  /** Returns the declared duration of a call by host, in milliseconds. @param variables the environment's variables */
  services(variables: Record<string, string>): Record<string, number>;
  /** An environment was made. */
  coldStart(environment: Omit<RunContext, "accessKeyId">): void;
  /**
   * A run begins.
   * @returns a function that ends the run and returns its billed duration in milliseconds
   */
  run(place: RunContext): (end: RunEnd) => number;
}

/** How a run ended. */
export interface RunEnd {
  /** The measurements of the function's process. Absent if it cannot measure. */
  spent?: TimeSpent | undefined;
  /** The function's timeout in milliseconds, if the run timed out. */
  timedOutMs?: number;
}
