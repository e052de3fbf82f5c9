/** An open connection that can be cut. */
export interface Cuttable {
  close(code: number, reason: string): void;
}

/** Of those that applications may choose: to the SDK it is a loss like any other. */
const CODE = 4_000;

/** What whoever asks why the connection closed reads. */
const REASON = "cut by this page";

/** A network that the page cuts itself: what is open breaks, and nothing new gets through until it is mended. */
export class Outage {
  readonly #open = new Set<Cuttable>();
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** @param changed told when it begins, with when it ends by itself, in milliseconds since 1970; and when it has ended */
  constructor(private readonly changed: (until?: number) => void) {}

  /** Whether nothing gets through. */
  get on(): boolean {
    return this.#timer !== undefined;
  }

  opened(connection: Cuttable): void {
    this.#open.add(connection);
  }

  closed(connection: Cuttable): void {
    this.#open.delete(connection);
  }

  /** @throws Error while nothing gets through */
  readonly admit = (): void => {
    // Without a name, so that the words stand for themselves wherever they are shown.
    if (this.on) throw Object.assign(new Error("The network is cut, by this page."), { name: "" });
  };

  /** Cuts what is open, for so many milliseconds. */
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
