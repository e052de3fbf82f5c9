/**
 * The event queue of a simulation. Entities are numbered from 0, and each has at most one planned event. Events come in
 * time order, and simultaneous ones in planning order. A wheel of time slots instead of a heap, because a simulation of
 * a million subscribers plans a hundred million events.
 */
export class TimingWheel {
  /** The time of the last event, in milliseconds. */
  now = 0;
  readonly #resolution: number;
  readonly #slots: number;
  readonly #first: Int32Array;
  readonly #last: Int32Array;
  readonly #following: Int32Array;
  readonly #planned: Uint8Array;
  #slot = 0;
  #pending = 0;

  /**
   * @param entities their number
   * @param resolutionMs times are rounded up to a multiple of it
   * @param horizonMs how far ahead an event can be planned
   */
  constructor(entities: number, resolutionMs: number, horizonMs: number) {
    this.#resolution = resolutionMs;
    this.#slots = Math.ceil(horizonMs / resolutionMs) + 2;
    this.#first = new Int32Array(this.#slots).fill(-1);
    this.#last = new Int32Array(this.#slots).fill(-1);
    this.#following = new Int32Array(entities).fill(-1);
    this.#planned = new Uint8Array(entities);
  }

  /**
   * Plans an entity's event.
   * @throws RangeError if it already has one, or if the time is in the past or beyond the horizon
   */
  plan(entity: number, whenMs: number): void {
    const slot = Math.ceil(whenMs / this.#resolution - 1e-9);
    if (this.#planned[entity] !== 0) throw new RangeError(`entity ${entity} has an event already, or does not exist`);
    if (!(slot >= this.#slot && slot < this.#slot + this.#slots))
      throw new RangeError(`no event can be planned for ${whenMs} ms at ${this.now} ms`);
    const at = slot % this.#slots;
    const last = this.#last[at] ?? -1;
    if (last < 0) this.#first[at] = entity;
    else this.#following[last] = entity;
    this.#last[at] = entity;
    this.#following[entity] = -1;
    this.#planned[entity] = 1;
    this.#pending += 1;
  }

  /** Advances to the next event. @returns its entity; -1 if no event is planned */
  next(): number {
    if (this.#pending === 0) return -1;
    for (;;) {
      const at = this.#slot % this.#slots;
      const entity = this.#first[at] ?? -1;
      if (entity >= 0) {
        const following = this.#following[entity] ?? -1;
        this.#first[at] = following;
        if (following < 0) this.#last[at] = -1;
        this.#planned[entity] = 0;
        this.#pending -= 1;
        this.now = this.#slot * this.#resolution;
        return entity;
      }
      this.#slot += 1;
    }
  }
}
