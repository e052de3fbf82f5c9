import { PAGE_ROWS } from "./model.js";

/** How far a channel's subscribers have been read: as many streams as it has shards, each page by page. */
export class Cursor {
  readonly #ends: number[];
  readonly #at: number[];

  /** @param subscribers how many there are, spread evenly over the shards */
  constructor(subscribers: number, shards: number) {
    const boundary = (shard: number): number => Math.round((subscribers * shard) / shards);
    this.#at = Array.from({ length: shards }, (_, shard) => boundary(shard));
    this.#ends = Array.from({ length: shards }, (_, shard) => boundary(shard + 1));
  }

  /** How many streams there are. */
  get shards(): number {
    return this.#at.length;
  }

  /** How many rows a full page has. */
  readonly rows = PAGE_ROWS;

  /** Whether all streams have been read to their ends. */
  get allEnded(): boolean {
    return this.#at.every((_, shard) => this.ended(shard));
  }

  /** Whether a stream has been read to its end. */
  ended(shard: number): boolean {
    return this.#at[shard] === this.#ends[shard];
  }

  /** The rows of a stream's next page, without reading it. */
  page(shard: number): { from: number; to: number } {
    const from = this.#at[shard]!;
    return { from, to: Math.min(this.#ends[shard]!, from + PAGE_ROWS) };
  }

  /** A stream's next page has been read. */
  advance(shard: number): void {
    this.#at[shard] = this.page(shard).to;
  }
}
