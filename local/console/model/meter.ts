import type { MeterInfo } from "../api.js";
import { amount, billLines, dollars, usdPerMillionDeliveries } from "../../meter/table.js";

/** The path of the billable usage, with `push-it-cli dev --meter`. */
const METER_PATH = "/_push-it/meter";

/** One row of the bill as text: item, amount and cost. */
export interface BillRow {
  what: string;
  used: string;
  usd: string;
  /** Whether the row is a sum, which is styled differently. */
  sum?: true;
}

/** Requests the billable usage from the server; `undefined` if it is not metered. */
export const fetchMeter = async (get: typeof fetch): Promise<MeterInfo | undefined> => {
  try {
    const response = await get(METER_PATH);
    return response.ok ? ((await response.json()) as MeterInfo) : undefined;
  } catch {
    return undefined;
  }
};

/** The rows of the bill: all used items, the sum, and the cost per million deliveries. */
export const billRows = ({ used, usd }: MeterInfo): BillRow[] => {
  const rows: BillRow[] = billLines(used, usd).map((line) => ({
    what: line.what,
    used: amount(line.used),
    usd: dollars(line.usd),
  }));
  const perMillion = usdPerMillionDeliveries(used, usd);
  if (rows.length > 0) rows.push({ what: "together", used: "", usd: dollars(usd.total), sum: true });
  if (perMillion !== undefined)
    rows.push({ what: "per million deliveries", used: amount(used.deliveries), usd: dollars(perMillion), sum: true });
  return rows;
};
