/** Parallel episodes at the beginning. The first ones start all functions, which takes the machine's time. */
const FIRST_LANES = 2;

/**
 * How many episodes run at the same time. After an episode in time there may be one more. After an episode with timeouts
 * there may be half as many.
 */
export class Pace {
  #lanes: number;

  /** @param most maximum number of parallel episodes */
  constructor(private readonly most: number) {
    this.#lanes = Math.min(FIRST_LANES, most);
  }

  /** The current number of parallel episodes. */
  get lanes(): number {
    return this.#lanes;
  }

  /** An episode has ended. @param inTime whether all services answered in time */
  record(inTime: boolean): void {
    this.#lanes = inTime ? Math.min(this.most, this.#lanes + 1) : Math.max(1, Math.floor(this.#lanes / 2));
  }
}
