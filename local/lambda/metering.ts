/** Where an event is run, for what AWS bills. */
export interface RunPlace {
  functionId: string;
  memoryMb: number;
  /** The environment's access key id: what is signed with it meanwhile belongs to the run. */
  accessKeyId: string;
}

/** Is told what functions do, for what AWS bills. */
export interface InvocationMeter {
  /** An environment was made. */
  coldStart(environment: Omit<RunPlace, "accessKeyId">): void;
  /**
   * An event is run.
   * @returns what tells how the run ended; it gives what is billed, in milliseconds
   */
  run(place: RunPlace): (end: RunEnd) => number;
}

/** How a run ended. */
export interface RunEnd {
  /** How long the function waited for what is no call of a service here, in milliseconds; absent: it cannot tell. */
  waitedMs?: number | undefined;
  /** The function's timeout, in milliseconds, where it was over. */
  timedOutMs?: number;
}

const ENDPOINT = /^AWS_ENDPOINT_URL_/;

/** The hosts of the services that are served here, such as `127.0.0.1:49152`: waiting for them is no waiting. */
export const servicesOf = (variables: Record<string, string>): string[] =>
  Object.entries(variables).flatMap(([name, url]) => (ENDPOINT.test(name) && URL.canParse(url) ? new URL(url).host : []));
