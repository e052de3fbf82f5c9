/** Ends and freezes execution environments, by the access key that each has for itself. */
export interface ExecutionEnvironments {
  /** Kills a running environment. */
  kill(accessKeyId: string): void;
  /** Freezes a running environment until it times out. */
  freeze(accessKeyId: string): void;
}
