import { PAGE_ROWS } from "./model.js";

/** The read position in a channel's subscribers: one stream for each shard, read page by page. */
export class Cursor {
  readonly #ends: number[];
  readonly #at: number[];

  /** @param subscribers their number, spread evenly over the shards */
  constructor(subscribers: number, shards: number) {
    const boundary = (shard: number): number => Math.round((subscribers * shard) / shards);
    this.#at = Array.from({ length: shards }, (_, shard) => boundary(shard));
    this.#ends = Array.from({ length: shards }, (_, shard) => boundary(shard + 1));
  }

  /** Number of streams. */
  get shards(): number {
    return this.#at.length;
  }

  /** Rows of a full page. */
  readonly rows = PAGE_ROWS;

  /** Whether all streams have been read. */
  get allEnded(): boolean {
    return this.#at.every((_, shard) => this.ended(shard));
  }

  /** Whether a stream has been read. */
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
