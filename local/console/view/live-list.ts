import { Journal } from "../model/journal.js";

/** What a live list is made of. */
export interface LiveListOptions<Entry> {
  list: HTMLElement;
  /** Shown while there is nothing to show. */
  empty: HTMLElement;
  /** How many entries are kept and shown. */
  limit: number;
  /** Makes the row of an entry: an `li`. */
  row: (entry: Entry) => HTMLLIElement;
  /** Told when the number of entries changes: all that ever came, and those that a pause holds back. */
  counted: (total: number, heldBack: number) => void;
}

/** A list that shows the newest entry first, at most once per animation frame, and can be paused and filtered. */
export class LiveList<Entry> {
  readonly #journal: Journal<Entry>;
  #shown = 0;
  #paused = false;
  #scheduled = false;
  #filter: (entry: Entry) => boolean = () => true;

  constructor(private readonly options: LiveListOptions<Entry>) {
    this.#journal = new Journal(options.limit);
  }

  add(entry: Entry): void {
    this.#journal.add(entry);
    this.#count();
    if (this.#scheduled || this.#paused) return;
    this.#scheduled = true;
    requestAnimationFrame(() => this.#show());
  }

  /**
   * Puts entries among what is shown.
   * @param place where in what is kept, which begins with the oldest; `undefined` for one that is not to be put in
   */
  merge(entries: readonly Entry[], place: (kept: readonly Entry[], entry: Entry) => number | undefined): void {
    for (const entry of entries) {
      const index = place(this.#journal.entries, entry);
      if (index === undefined) continue;
      // What is held back stays behind it.
      this.#journal.insert(Math.min(index, this.#journal.entries.length - this.#heldBack), entry);
      this.#shown++;
    }
    this.filter(this.#filter);
    this.#count();
  }

  /** Holds back what comes, or shows what was held back. */
  pause(paused: boolean): void {
    this.#paused = paused;
    if (!paused) this.#show();
  }

  /** Shows only what passes; what does not is kept. */
  filter(passes: (entry: Entry) => boolean): void {
    this.#filter = passes;
    const { entries } = this.#journal;
    this.options.list.replaceChildren();
    this.#prepend(entries.slice(0, entries.length - this.#heldBack), false);
  }

  clear(): void {
    this.#journal.clear();
    this.#shown = 0;
    this.options.list.replaceChildren();
    this.#count();
    this.#toggleEmpty();
  }

  /** What is kept and not shown yet: a pause holds it back, or the next frame shows it. */
  get #heldBack(): number {
    return Math.min(this.#journal.total - this.#shown, this.#journal.entries.length);
  }

  #show(): void {
    this.#scheduled = false;
    if (this.#paused) return;
    const fresh = this.#journal.since(this.#shown);
    this.#shown = this.#journal.total;
    this.#prepend(fresh, true);
    this.#count();
  }

  #prepend(entries: readonly Entry[], fresh: boolean): void {
    const { list, limit, row } = this.options;
    const rows = entries.filter((entry) => this.#filter(entry)).map(row);
    // Rows that nobody sees arrive would flash when their tab is opened.
    if (fresh && list.checkVisibility()) for (const each of rows) each.classList.add("fresh");
    list.prepend(...rows.reverse());
    while (list.childElementCount > limit) list.lastElementChild!.remove();
    this.#toggleEmpty();
  }

  #count(): void {
    this.options.counted(this.#journal.total, this.#paused ? this.#heldBack : 0);
  }

  #toggleEmpty(): void {
    this.options.empty.hidden = this.options.list.childElementCount > 0;
  }
}
