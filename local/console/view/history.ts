import { count } from "../model/format.js";
import type { Session } from "../model/session.js";
import { button, el } from "./dom.js";

/** How long the button says what became of it, in milliseconds. */
const TOLD_MS = 2_500;

/** The line of a channel that keeps a history: it can be shown. */
export const historyLine = (session: Session, channel: string): HTMLElement => {
  const load = async (): Promise<void> => {
    made.textContent = "Reading it…";
    const { count: loaded, problem } = await session.history(channel);
    made.textContent = problem ? problem.reason : loaded === 0 ? "It is empty" : loaded === 1 ? "Its only message is shown" : `Its newest ${count(loaded)} are shown`;
    setTimeout(() => (made.textContent = TEXT), TOLD_MS);
  };
  const made = button(TEXT, () => void load(), { label: `Show the history of ${channel}`, class: "quiet" });
  return el("div", { class: "offer" }, el("span", { class: "note", text: "Keeps a history" }), made);
};

const TEXT = "Show";
