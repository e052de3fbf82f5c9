import type { TimeSpent } from "./messages.js";

/** Where an event is run, for what AWS bills. */
export interface RunContext {
  functionId: string;
  memoryMb: number;
  /** The environment's access key id: what is signed with it meanwhile belongs to the run. */
  accessKeyId: string;
}

/** Is told what functions do, for what AWS bills. */
export interface InvocationMeter {
  /** What a call of each host takes, as declared, in milliseconds. @param variables the environment's */
  services(variables: Record<string, string>): Record<string, number>;
  /** An environment was made. */
  coldStart(environment: Omit<RunContext, "accessKeyId">): void;
  /**
   * An event is run.
   * @returns what tells how the run ended; it gives what is billed, in milliseconds
   */
  run(place: RunContext): (end: RunEnd) => number;
}

/** How a run ended. */
export interface RunEnd {
  /** What the function's process says it took; absent: it cannot tell. */
  spent?: TimeSpent | undefined;
  /** The function's timeout, in milliseconds, where it was over. */
  timedOutMs?: number;
}
