import type { TableChecker, TableReader } from "./table-checker.js";
import type { DeliveryModel } from "./delivery-model.js";
import type { HistoryModel } from "./history-model.js";
import type { PresenceModel } from "./presence-model.js";

/** The fuzzed system, and the models of its state. */
export interface FuzzContext {
  url: string;
  tableName: string;
  deliveries: DeliveryModel;
  histories: HistoryModel;
  presence: PresenceModel;
  tableChecker: TableChecker;
  rows: Pick<TableReader, "all">;
  /** Whether the server's log reports timeouts since a time in epoch milliseconds, or shortly before it. */
  sawTimeouts(since: number): boolean;
  /** The violations of the episode are explained by timeouts. */
  excuse(): void;
  /** Counts an answer by its code. */
  answer(code: string): void;
}
