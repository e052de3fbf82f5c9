import type { MeterSnapshot } from "./counts.js";
import { type Bill, priceOf } from "./usd.js";

/** One line of a bill: the item, its amount and its cost. */
export interface BillLine {
  what: string;
  used: number;
  usd: number;
}

/** The usage and its cost, line by line, without items that were not used. */
export const billLines = (used: Omit<MeterSnapshot, "functions">, bill: Bill = priceOf(used)): BillLine[] =>
  [
    {
      what: "API Gateway messages in",
      used: used.messagesIn,
      usd: part(bill.messages, used.messagesIn, used.messagesOut),
    },
    {
      what: "API Gateway messages out",
      used: used.messagesOut,
      usd: part(bill.messages, used.messagesOut, used.messagesIn),
    },
    { what: "API Gateway connection minutes", used: used.connectionMinutes, usd: bill.connectionMinutes },
    { what: "Lambda requests", used: used.invocations, usd: bill.invocations },
    { what: "Lambda GB-seconds", used: used.gbSeconds, usd: bill.gbSeconds },
    { what: "DynamoDB read units", used: used.readUnits, usd: bill.readUnits },
    { what: "DynamoDB write units", used: used.writeUnits, usd: bill.writeUnits },
    { what: "SQS requests", used: used.queueRequests, usd: bill.queueRequests },
    { what: "EventBridge events", used: used.busEvents, usd: bill.busEvents },
  ].filter((line) => line.used > 0);

/** One item's share of a sum, if two items have the same price. */
const part = (sum: number, one: number, other: number): number => (one === 0 ? 0 : (sum * one) / (one + other));

/** The cost of a million deliveries at this rate, in USD; `undefined` if no message was delivered. */
export const usdPerMillionDeliveries = (
  { deliveries }: { deliveries: number },
  { total }: Pick<Bill, "total">,
): number | undefined => (deliveries > 0 ? (total / deliveries) * 1e6 : undefined);

/** A number of things: whole if they come whole. @example amount(0.125) // "0.125" */
export const amount = (value: number): string =>
  value.toLocaleString("en", { maximumFractionDigits: value < 100 && !Number.isInteger(value) ? 3 : 0 });

/** An amount of money with its significant digits. @example dollars(0.00001234) // "$0.0000123" */
export const dollars = (value: number): string => {
  if (value === 0) return "$0";
  const digits = Math.min(12, Math.max(2, 2 - Math.floor(Math.log10(Math.abs(value)))));
  return `$${value.toFixed(digits)}`;
};

/** The bill as a table for a terminal. */
export const billTable = (used: MeterSnapshot): string => {
  const bill = priceOf(used);
  const lines = billLines(used, bill).map((line) => [line.what, amount(line.used), dollars(line.usd)] as const);
  const perMillion = usdPerMillionDeliveries(used, bill);
  const rows = [
    ["What AWS would bill", "used", "USD"] as const,
    ...lines,
    ["together", "", dollars(bill.total)] as const,
    ...(perMillion === undefined
      ? []
      : [["per million deliveries", amount(used.deliveries), dollars(perMillion)] as const]),
  ];
  const [first, second, third] = [0, 1, 2].map((column) => Math.max(...rows.map((row) => row[column]!.length)));
  const text = rows.map(
    ([what, count, money]) => `  ${what.padEnd(first!)}  ${count.padStart(second!)}  ${money.padStart(third!)}`,
  );
  return `${text.join("\n")}\n`;
};
