/** Faults of execution environments. Every member is optional and asked anew each time; none is asked in normal runs. */
export interface LambdaFaults {
  /**
   * Whether an environment that has just served an event is ended instead of kept, as AWS does with any of them at any
   * time: the next event may meet a cold start.
   */
  retire?(functionId: string): boolean;
}
