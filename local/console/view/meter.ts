import { type BillRow, billRows, fetchMeter } from "../model/meter.js";
import { byId, el } from "./dom.js";

/** The interval of requests for the bill while it is visible, in milliseconds. */
const EVERY_MS = 1_000;

/** The live bill, if `push-it-cli dev` counts the usage. */
export const showMeter = (): { metered: (metered: boolean) => void } => {
  const tab = byId("tab-meter", HTMLElement);
  const panel = byId("panel-meter", HTMLElement);
  const rows = byId("bill-rows", HTMLTableSectionElement);
  let shown = "";

  const update = async (): Promise<void> => {
    if (document.hidden || panel.hidden) return;
    const info = await fetchMeter(fetch);
    const bill = info ? billRows(info) : [];
    const text = JSON.stringify(bill);
    if (!info || text === shown) return;
    shown = text;
    rows.replaceChildren(...bill.map(rowElement));
    byId("bill", HTMLTableElement).hidden = bill.length === 0;
    byId("meter-empty", HTMLElement).hidden = bill.length > 0;
  };
  return {
    metered: (metered) => {
      if (!metered || !tab.hidden) return;
      tab.hidden = false;
      tab.addEventListener("click", () => void update());
      setInterval(() => void update(), EVERY_MS);
    },
  };
};

const rowElement = ({ what, used, usd, sum }: BillRow): HTMLTableRowElement =>
  el(
    "tr",
    sum ? { class: "sum" } : {},
    el("th", { text: what, attributes: { scope: "row" } }),
    el("td", { text: used }),
    el("td", { text: usd }),
  );
