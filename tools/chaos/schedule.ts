import { randomInteger, pick, randomFor } from "../lib/random.js";

/** What strikes by schedule, and how often in a run of `WHOLE` messages; in smaller ones less often. */
const FAULT_COUNTS = {
  /** The server's side of a socket is cut, in the middle of a frame's or a post's way. */
  cut: 60,
  /** The client's side is. */
  clientCut: 60,
  /** A page is loaded anew, and goes on from the positions that it has stored. */
  reloaded: 40,
  /** A post is answered with 200, and its frame is lost. */
  lost: 120,
  duplicated: 120,
  /** A post's frame comes late, behind others. */
  delayed: 250,
  /** A client's frame comes late, behind others. */
  overtaken: 250,
  disconnectLost: 40,
  /** Lambdas are killed before a write, and after it. */
  killedBefore: 60,
  killedAfter: 60,
  /** A function stands still until its time is over. */
  timedOut: 24,
  /** An environment is ended between events. */
  coldStart: 60,
  post429: 200,
  post5xx: 120,
  post410: 40,
  dbThrottled: 100,
  db500: 60,
  /** DynamoDB has done it, and answers 500. */
  dbDone500: 40,
  redelivered: 60,
} as const;

/** What strikes by schedule. */
export type FaultKind = keyof typeof FAULT_COUNTS;

/** All of them. */
export const FAULT_KINDS = Object.keys(FAULT_COUNTS) as FaultKind[];

/** The size of a run in which everything strikes as often as it says. */
const WHOLE = 5_000;

/** Nothing begins to strike later, in shares of a run: what is due needs its opportunity. */
const LAST_STRIKE_SHARE = 0.9;

/** How many opportunities are let pass, at most. */
const MAX_SKIPPED = 6;

/** Whose writes are struck: functions, most the busiest. */
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
  "ping",
] as const;
const TARGETED: ReadonlySet<FaultKind> = new Set(["killedBefore", "killedAfter", "timedOut"]);

/** How long one waits for its victim, in shares of a run, before it takes any. */
const VICTIM_WAIT_SHARE = 0.05;

/** One strike that is to be. */
export interface Strike {
  /** How many publications have begun when it is due. */
  at: number;
  /** How many opportunities pass before it strikes. */
  skip: number;
  /** Which function it is for; absent: any. */
  victim?: string;
}

/** How often things of each kind are to happen in a run of 5,000 messages. */
export type Counts<Name extends string> = Readonly<Record<Name, number>>;

/** When what is to strike: always the same for the same seed. */
export const planStrikes = <Name extends string = FaultKind>(
  seed: number,
  messages: number,
  often: Counts<Name> = FAULT_COUNTS as unknown as Counts<Name>,
): Record<Name, Strike[]> => {
  const kinds = Object.keys(often) as Name[];
  const strikes = (kind: Name): Strike[] => {
    const random = randomFor(seed, kind);
    const times = Math.ceil((often[kind] * messages) / WHOLE);
    const made = Array.from({ length: times }, (): Strike => {
      const at = Math.floor(random() * messages * LAST_STRIKE_SHARE);
      const skip = randomInteger(random, 0, MAX_SKIPPED);
      return { at, skip, ...(TARGETED.has(kind as string as FaultKind) && { victim: pick(random, VICTIMS) }) };
    });
    return made.sort((a, b) => a.at - b.at);
  };
  return Object.fromEntries(kinds.map((kind) => [kind, strikes(kind)])) as Record<Name, Strike[]>;
};

/**
 * Decides at each opportunity whether a fault strikes. When each is due is the seed's; which opportunity comes then is
 * up to the processes.
 */
export class Schedule<Name extends string = FaultKind> {
  /** How often each kind has struck. */
  readonly struck: Record<Name, number>;
  readonly #pending: Record<Name, Strike[]>;
  readonly #patience: number;
  #progress = 0;
  #over = false;

  /** @param often what may strike; left out: the faults */
  constructor(seed: number, messages: number, often?: Counts<Name>) {
    this.#pending = planStrikes(seed, messages, often);
    this.#patience = messages * VICTIM_WAIT_SHARE;
    this.struck = Object.fromEntries(Object.keys(this.#pending).map((kind) => [kind, 0])) as Record<Name, number>;
  }

  /** One more publication has begun. */
  advance(): void {
    this.#progress += 1;
  }

  /** Nothing strikes any more. */
  end(): void {
    this.#over = true;
  }

  /**
   * Whether a fault strikes now, which counts.
   * @param whom the function that it would strike
   */
  strikes(kind: Name, whom?: string): boolean {
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
    return victim === undefined || victim === whom || this.#progress - at > this.#patience;
  }
}
