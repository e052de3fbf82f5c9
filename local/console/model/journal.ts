/** The newest entries of something that does not end, so that a page left open for days keeps its size. */
export class Journal<Entry> {
  readonly #entries: Entry[] = [];
  #total = 0;

  /** @param limit how many entries are kept */
  constructor(readonly limit: number) {}

  /** How many have been added since the start or the last `clear`, dropped ones included. */
  get total(): number {
    return this.#total;
  }

  /** The stored entries, oldest first. */
  get entries(): readonly Entry[] {
    return this.#entries;
  }

  add(entry: Entry): void {
    this.#total++;
    this.#entries.push(entry);
    if (this.#entries.length > this.limit) this.#entries.shift();
  }

  /** Inserts an entry at an index of the stored ones. If there are too many, the oldest is dropped. */
  insert(index: number, entry: Entry): void {
    this.#total++;
    this.#entries.splice(index, 0, entry);
    if (this.#entries.length > this.limit) this.#entries.shift();
  }

  /** The stored entries that were added after the first `seen`, oldest first. */
  since(seen: number): readonly Entry[] {
    const fresh = Math.min(this.#total - seen, this.#entries.length);
    return fresh > 0 ? this.#entries.slice(-fresh) : [];
  }

  clear(): void {
    this.#entries.length = 0;
    this.#total = 0;
  }
}
