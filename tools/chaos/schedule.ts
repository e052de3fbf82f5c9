import { randomInteger, pick, randomFor } from "../lib/random.js";

/** The scheduled faults and their number in a run of `WHOLE` messages. Smaller runs have proportionally fewer. */
const FAULT_COUNTS = {
  /** The server's side of a socket is cut during a frame or a post. */
  cut: 60,
  /** The client's side of a socket is cut. */
  clientCut: 60,
  /** A page is reloaded, and continues from its stored positions. */
  reloaded: 40,
  /** The gateway answers 200 to a post and drops its frame. */
  lost: 120,
  duplicated: 120,
  /** The frame of a post arrives late, after others. */
  delayed: 250,
  /** The frame of a client arrives late, after others. */
  overtaken: 250,
  disconnectLost: 40,
  /** A function is killed before or after a write. */
  killedBefore: 60,
  killedAfter: 60,
  /** A function stands still until it times out. */
  timedOut: 24,
  /** An environment is stopped between events. */
  coldStart: 60,
  post429: 200,
  post5xx: 120,
  post410: 40,
  dbThrottled: 100,
  db500: 60,
  /** DynamoDB executes the call and answers 500. */
  dbDone500: 40,
  redelivered: 60,
} as const;

/** A scheduled fault. */
export type FaultKind = keyof typeof FAULT_COUNTS;

/** All scheduled faults. */
export const FAULT_KINDS = Object.keys(FAULT_COUNTS) as FaultKind[];

/** The number of messages for which the fault counts hold. */
const WHOLE = 5_000;

/** Faults become due in this first share of a run, because each needs an opportunity afterwards. */
const LAST_FAULT_SHARE = 0.9;

/** Maximum number of opportunities that a due fault skips. */
const MAX_SKIPPED = 6;

/** Functions whose writes fail; busy ones more often. */
const VICTIMS = [
  "publish",
  "publish",
  "publish",
  "deliver",
  "flush",
  "subscribe",
  "subscribe",
  "connect",
  "disconnect",
  "announce",
  "state",
  "ping",
] as const;
const TARGETED: ReadonlySet<FaultKind> = new Set(["killedBefore", "killedAfter", "timedOut"]);

/** How long a fault waits for its function before it takes any, as a share of a run. */
const VICTIM_WAIT_SHARE = 0.05;

/** One planned fault. */
export interface PlannedFault {
  /** The number of publications after which it is due. */
  at: number;
  /** Number of opportunities to skip. */
  skip: number;
  /** The function that it is for; absent: any. */
  victim?: string;
}

/** The number of events of each kind in a run of 5,000 messages. */
export type Counts<Name extends string> = Readonly<Record<Name, number>>;

/** Plans the faults. The same seed gives the same plan. */
export const planFaults = <Name extends string = FaultKind>(
  seed: number,
  messages: number,
  often: Counts<Name> = FAULT_COUNTS as unknown as Counts<Name>,
): Record<Name, PlannedFault[]> => {
  const kinds = Object.keys(often) as Name[];
  const planned = (kind: Name): PlannedFault[] => {
    const random = randomFor(seed, kind);
    const times = Math.ceil((often[kind] * messages) / WHOLE);
    const made = Array.from({ length: times }, (): PlannedFault => {
      const at = Math.floor(random() * messages * LAST_FAULT_SHARE);
      const skip = randomInteger(random, 0, MAX_SKIPPED);
      return { at, skip, ...(TARGETED.has(kind as string as FaultKind) && { victim: pick(random, VICTIMS) }) };
    });
    return made.sort((a, b) => a.at - b.at);
  };
  return Object.fromEntries(kinds.map((kind) => [kind, planned(kind)])) as Record<Name, PlannedFault[]>;
};

/**
 * Decides at each opportunity whether a fault occurs. The seed determines when a fault is due. The processes determine
 * which opportunity comes next.
 */
export class Schedule<Name extends string = FaultKind> {
  /** Number of faults that have struck, by kind. */
  readonly struck: Record<Name, number>;
  readonly #pending: Record<Name, PlannedFault[]>;
  readonly #victimWait: number;
  #progress = 0;
  #over = false;

  /** @param often the kinds and their numbers @default the faults */
  constructor(seed: number, messages: number, often?: Counts<Name>) {
    this.#pending = planFaults(seed, messages, often);
    this.#victimWait = messages * VICTIM_WAIT_SHARE;
    this.struck = Object.fromEntries(Object.keys(this.#pending).map((kind) => [kind, 0])) as Record<Name, number>;
  }

  /** Advances by one publication. */
  advance(): void {
    this.#progress += 1;
  }

  /** Stops all faults. */
  end(): void {
    this.#over = true;
  }

  /**
   * Whether a fault is due now. Counts it if so.
   * @param whom the function that would be affected
   */
  isDue(kind: Name, whom?: string): boolean {
    if (this.#over) return false;
    const pending = this.#pending[kind];
    const index = pending.findIndex(({ at, victim }) => at <= this.#progress && this.#fits(at, victim, whom));
    const found = pending[index];
    if (!found) return false;
    found.skip -= 1;
    if (found.skip >= 0) return false;
    pending.splice(index, 1);
    this.struck[kind] += 1;
    return true;
  }

  #fits(at: number, victim: string | undefined, whom: string | undefined): boolean {
    return victim === undefined || victim === whom || this.#progress - at > this.#victimWait;
  }
}
