import type { Audit, Rows } from "./audit.js";
import type { Ledger } from "./ledger.js";
import type { Shelves } from "./shelves.js";

/** The system under fire, and what is known of it. */
export interface Range {
  url: string;
  tableName: string;
  ledger: Ledger;
  shelves: Shelves;
  audit: Audit;
  rows: Pick<Rows, "all">;
  /** Whether the server says in its log that something failed for lack of time. */
  struggled(): boolean;
  /** Counts an answer by its code. */
  answer(code: string): void;
}
