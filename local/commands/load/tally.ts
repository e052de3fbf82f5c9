import { type Spread, spreadOf } from "../remote/numbers.js";

/** The result of a load. */
export interface LoadResult {
  clients: number;
  /** Publications that were sent. */
  published: number;
  acknowledged: number;
  /** Publications that were refused or not answered, by their code. */
  failed: Record<string, number>;
  /** Messages of acknowledged publications that arrived at clients. */
  delivered: number;
  /** Messages of acknowledged publications that did not arrive. */
  lost: number;
  /** Copies beyond the first, as the server sent them: the SDK drops them. */
  duplicates: number;
  /** Times from a publication to each client's message, and to its acknowledgement, in milliseconds. */
  latencies: { delivery?: Spread; answer?: Spread };
}

interface Publication {
  sentAt: number;
  acknowledged: boolean;
  /** By client: how many copies came. */
  copies: Map<number, number>;
}

/** Counts a load. Times are milliseconds of one clock. */
export class Tally {
  readonly #publications = new Map<string, Publication>();
  readonly #deliveries: number[] = [];
  readonly #answers: number[] = [];
  readonly #failed: Record<string, number> = {};
  #missing = 0;

  /** @param clients how many should receive each message */
  constructor(private readonly clients: number) {}

  /** Messages of acknowledged publications that have not arrived yet. */
  get missing(): number {
    return this.#missing;
  }

  /** How many publications there are. */
  get published(): number {
    return this.#publications.size;
  }

  sent(uuid: string, now: number): void {
    this.#publications.set(uuid, { sentAt: now, acknowledged: false, copies: new Map() });
  }

  acknowledged(uuid: string, now: number): void {
    const publication = this.#publications.get(uuid);
    if (!publication) return;
    publication.acknowledged = true;
    this.#answers.push(now - publication.sentAt);
    this.#missing += this.clients - publication.copies.size;
  }

  failed(code: string): void {
    this.#failed[code] = (this.#failed[code] ?? 0) + 1;
  }

  /** A copy came to a client. */
  received(uuid: string, client: number, now: number): void {
    const publication = this.#publications.get(uuid);
    if (!publication) return;
    const { copies, acknowledged, sentAt } = publication;
    const before = copies.get(client) ?? 0;
    copies.set(client, before + 1);
    if (before > 0) return;
    this.#deliveries.push(now - sentAt);
    if (acknowledged) this.#missing -= 1;
  }

  /** The result so far. */
  result(): LoadResult {
    const acknowledged = [...this.#publications.values()].filter((each) => each.acknowledged);
    const delivered = acknowledged.reduce((sum, { copies }) => sum + copies.size, 0);
    const copies = [...this.#publications.values()].flatMap((each) => [...each.copies.values()]);
    const [delivery, answer] = [spreadOf(this.#deliveries), spreadOf(this.#answers)];
    return {
      clients: this.clients,
      published: this.#publications.size,
      acknowledged: acknowledged.length,
      failed: { ...this.#failed },
      delivered,
      lost: acknowledged.length * this.clients - delivered,
      duplicates: copies.reduce((sum, each) => sum + each - 1, 0),
      latencies: { ...(delivery && { delivery }), ...(answer && { answer }) },
    };
  }
}
