import type { MeterInfo } from "../api.js";
import { amount, billLines, dollars, usdPerMillionDeliveries } from "../../meter/table.js";

/** Where `push-it-cli dev --meter` tells what AWS would bill. */
const METER_PATH = "/_push-it/meter";

/** One row of the bill as people see it: what, how much of it, and what it costs. */
export interface BillRow {
  what: string;
  used: string;
  usd: string;
  /** A sum, which is told apart from its parts. */
  sum?: true;
}

/** Asks the server of this page what AWS would bill by now; `undefined` where nobody tells. */
export const fetchMeter = async (get: typeof fetch): Promise<MeterInfo | undefined> => {
  try {
    const response = await get(METER_PATH);
    return response.ok ? ((await response.json()) as MeterInfo) : undefined;
  } catch {
    return undefined;
  }
};

/** The rows of the bill: everything that was used, the sum, and what per million deliveries would cost. */
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
