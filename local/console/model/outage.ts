/** An open connection that can be cut. */
export interface Cuttable {
  close(code: number, reason: string): void;
}

/** One of the codes that applications may choose. The SDK treats it as any other loss. */
const CODE = 4_000;

/** The reason of the close. */
const REASON = "cut by this page";

/** A simulated outage: open sockets break, and new ones fail until it ends. */
export class Outage {
  readonly #open = new Set<Cuttable>();
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** @param changed called at the start with the end time in milliseconds since 1970, and at the end */
  constructor(private readonly changed: (until?: number) => void) {}

  /** Whether the outage is in progress. */
  get on(): boolean {
    return this.#timer !== undefined;
  }

  opened(connection: Cuttable): void {
    this.#open.add(connection);
  }

  closed(connection: Cuttable): void {
    this.#open.delete(connection);
  }

  /** @throws Error during the outage */
  readonly admit = (): void => {
    // Without a name, so that the words stand for themselves wherever they are shown.
    if (this.on) throw Object.assign(new Error("The network is cut, by this page."), { name: "" });
  };

  /** Cuts open sockets, and starts an outage for this number of milliseconds. */
  cut(milliseconds: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.mend(), milliseconds);
    this.changed(Date.now() + milliseconds);
    for (const connection of this.#open) connection.close(CODE, REASON);
  }

  /** Ends it. */
  mend(): void {
    if (!this.on) return;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.changed();
  }
}
