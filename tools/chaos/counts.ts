import { isWildcard } from "../../protocol/index.js";
import type { Journal, Page } from "./journal.js";

/** Events that are counted from the journal. */
export interface EventCounts {
  /** Number of restored subscriptions. */
  recoveries: number;
  /** Number of `subscribed` events that reported missed messages. */
  missed: number;
  /** Acknowledged unsubscriptions. */
  unsubscriptions: number;
  /** Acknowledged subscriptions to wildcards. */
  wildcards: number;
  /** Components that requested the newest messages, and received messages. */
  newest: number;
  /** Acknowledged changes of states. */
  states: number;
  /** Events `change` with a state. */
  changes: number;
}

/** Counts the events of all pages. */
export const countEvents = ({ applications }: Pick<Journal, "applications">): EventCounts => {
  const total: EventCounts = {
    recoveries: 0,
    missed: 0,
    unsubscriptions: 0,
    wildcards: 0,
    newest: 0,
    states: 0,
    changes: 0,
  };
  for (const page of applications.flatMap(({ pages }) => pages)) count(page, total);
  return total;
};

const count = ({ entries }: Page, total: EventCounts): void => {
  const subscribed = new Set<string>();
  const calls = new Map<number, "unsubscriptions" | "wildcards" | "states">();
  for (const entry of entries) {
    if (entry.is === "unsubscribe") calls.set(entry.call, "unsubscriptions");
    if (entry.is === "subscribe" && isWildcard(entry.name)) calls.set(entry.call, "wildcards");
    if (entry.is === "setState") calls.set(entry.call, "states");
    if (entry.is === "member" && entry.event === "change" && entry.state !== undefined) total.changes += 1;
    if (entry.is === "fulfilled") {
      const what = calls.get(entry.call);
      if (what) total[what] += 1;
    }
    if (entry.is === "listenedLast" && entry.byComponent.length > 0) total.newest += 1;
    if (entry.is !== "subscribed") continue;
    if (entry.recovered === false) total.missed += 1;
    if (subscribed.has(entry.name)) total.recoveries += 1;
    subscribed.add(entry.name);
  }
};
