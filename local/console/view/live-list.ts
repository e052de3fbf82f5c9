import { Journal } from "../model/journal.js";

/** Options of a live list. */
export interface LiveListOptions<Entry> {
  list: HTMLElement;
  /** Shown while the list is empty. */
  empty: HTMLElement;
  /** How many entries are kept and shown. */
  limit: number;
  /** Makes the row of an entry: an `li`. */
  row: (entry: Entry) => HTMLLIElement;
  /** Called when the number of entries changes: the total, and the entries that a pause holds back. */
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
   * Inserts entries.
   * @param place returns the index among the stored entries, oldest first; `undefined` for an entry to leave out
   */
  merge(entries: readonly Entry[], place: (kept: readonly Entry[], entry: Entry) => number | undefined): void {
    for (const entry of entries) {
      const index = place(this.#journal.entries, entry);
      if (index === undefined) continue;
      // A held-back entry stays behind the pause.
      this.#journal.insert(Math.min(index, this.#journal.entries.length - this.#heldBack), entry);
      this.#shown++;
    }
    this.filter(this.#filter);
    this.#count();
  }

  /** Pauses the list, or shows the held-back entries. */
  pause(paused: boolean): void {
    this.#paused = paused;
    if (!paused) this.#show();
  }

  /** Shows only the entries that pass the filter. The others stay stored. */
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

  /** Stored entries that are not shown yet: a pause holds them back, or the next frame shows them. */
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
    // Rows that arrive in a hidden tab would flash when it is opened.
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
