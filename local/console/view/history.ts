import { count } from "../model/format.js";
import type { Session } from "../model/session.js";
import { button, el } from "./dom.js";

/** How long the button shows its result, in milliseconds. */
const RESULT_MS = 2_500;

/** The button's default text. */
const TEXT = "Show";

/**
 * The line of a channel with a history, which can be shown.
 * @returns the line of a channel: the same element each time, so that its content outlives its row
 */
export const historyLines = (session: Session): ((channel: string) => HTMLElement) => {
  const lines = new Map<string, HTMLElement>();
  return (channel) => {
    const line = lines.get(channel) ?? historyLine(session, channel);
    lines.set(channel, line);
    return line;
  };
};

const historyLine = (session: Session, channel: string): HTMLElement => {
  let reset: number | undefined;
  const show = async (): Promise<void> => {
    clearTimeout(reset);
    made.textContent = "Reading it…";
    const { count: read, problem } = await session.history(channel);
    made.textContent = problem?.reason ?? outcome(read);
    reset = window.setTimeout(() => (made.textContent = TEXT), RESULT_MS);
  };
  const made = button(TEXT, () => void show(), { label: `Show the history of ${channel}`, class: "quiet" });
  return el("div", { class: "offer" }, el("span", { class: "note", text: "Keeps a history" }), made);
};

const outcome = (read: number): string => {
  if (read === 0) return "It is empty";
  return read === 1 ? "Its only message is shown" : `Its newest ${count(read)} are shown`;
};
