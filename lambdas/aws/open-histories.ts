import { readFor } from "../core/history-request.js";
import { HistoryTable } from "./history-table.js";
import type { System } from "./system.js";

/** The histories of channels, for a function whose guards may read them too. */
export const openHistories = ({ table, clock, settings, letGuardsRead }: System): HistoryTable => {
  const histories = new HistoryTable(table, clock, settings.dedupeSeconds);
  letGuardsRead((query) => readFor({ histories, clock, settings }, query));
  return histories;
};
