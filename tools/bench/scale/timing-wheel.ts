/**
 * The event queue of a simulation: entities, numbered from 0, each with at most one event to come. Events come in the
 * order of their times, and those of one moment in the order in which they were planned. A wheel of time slots instead
 * of a heap, because a simulation of a million subscribers plans a hundred million events.
 */
export class TimingWheel {
  /** The time of the last event, in milliseconds since the beginning. */
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
   * @param entities how many there are
   * @param resolutionMs how finely times are told apart: they are rounded up to a multiple
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
   * @throws RangeError when it has one already, or this one is in the past or beyond the horizon
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

  /** The entity whose event is next, for which time goes on; -1 when nothing is planned. */
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
