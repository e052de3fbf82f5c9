import { readForGuard } from "../history/history-query.js";
import { HistoryTable } from "./dynamodb/history-table.js";
import type { Dependencies } from "./create-dependencies.js";

/** The histories of channels, for a function whose guards may read them too. */
export const openHistories = ({ table, clock, settings, letGuardsRead }: Dependencies): HistoryTable => {
  const histories = new HistoryTable(table, clock, settings.dedupeSeconds);
  letGuardsRead((query) => readForGuard({ histories, clock, settings }, query));
  return histories;
};
