import type { TableChecker, TableReader } from "./table-checker.js";
import type { DeliveryModel } from "./delivery-model.js";
import type { HistoryModel } from "./history-model.js";

/** The system under fire, and what is known of it. */
export interface FuzzContext {
  url: string;
  tableName: string;
  deliveries: DeliveryModel;
  histories: HistoryModel;
  tableChecker: TableChecker;
  rows: Pick<TableReader, "all">;
  /** Whether the server says in its log that something failed for lack of time. */
  sawTimeouts(): boolean;
  /** Counts an answer by its code. */
  answer(code: string): void;
}
