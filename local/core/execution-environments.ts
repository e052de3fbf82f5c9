/** Ends and freezes execution environments, by the access key that each has for itself. */
export interface ExecutionEnvironments {
  /** Kills one that runs. */
  kill(accessKeyId: string): void;
  /** Freezes one that runs, for good. */
  freeze(accessKeyId: string): void;
}
