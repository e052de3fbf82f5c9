import type { StateChange } from "push-it-client";
import { clock, duration, size } from "../model/format.js";
import type { Session } from "../model/session.js";
import type { WireEvent } from "../model/tap.js";
import { wireLine } from "../model/wire.js";
import { stateWords } from "../model/error-messages.js";
import { byId, codeBadge, copyButton, el, setCount } from "./dom.js";
import { LiveList } from "./live-list.js";

/** How many frames, and how many state changes, are kept. */
const LIMIT = 500;

/** An entry and when it came, in milliseconds since 1970. */
interface Timed<Value> {
  at: number;
  value: Value;
}

/** The frames on the wire, and the state changes. */
export const showInspector = (session: Session): void => {
  const wire = new LiveList<Timed<WireEvent>>({
    list: byId("wire-list", HTMLElement),
    empty: byId("wire-empty", HTMLElement),
    limit: LIMIT,
    row: wireRow,
    counted: (total) => setCount("wire", total),
  });
  const states = new LiveList<Timed<StateChange>>({
    list: byId("state-list", HTMLElement),
    empty: byId("states-empty", HTMLElement),
    limit: LIMIT,
    row: stateRow,
    counted: (total) => setCount("states", total),
  });
  session.listen({
    wire: (value) => wire.add({ at: Date.now(), value }),
    state: (value) => states.add({ at: Date.now(), value }),
  });
  byId("clear-wire", HTMLButtonElement).addEventListener("click", () => {
    wire.clear();
    states.clear();
  });
};

const wireRow = ({ at, value }: Timed<WireEvent>): HTMLLIElement => {
  const { direction, arrow, label, what, preview, tone, mark, bytes, detail } = wireLine(value);
  const head = [
    el("span", { class: "arrow", text: arrow, attributes: { role: "img", "aria-label": label } }),
    el(
      "span",
      { class: "what", data: tone ? { tone } : {} },
      ...(mark ? [codeBadge(mark), document.createTextNode(" ")] : []),
      document.createTextNode(what),
      ...(preview ? [el("span", { class: "preview", text: preview })] : []),
    ),
    el("span", { class: "size", text: bytes === undefined ? "" : size(bytes) }),
    el("time", { text: clock(at), attributes: { datetime: new Date(at).toISOString() } }),
  ];
  if (detail === undefined)
    return el("li", { class: "frame", data: { direction } }, el("div", { class: "line" }, ...head));
  const details = el("details", {}, el("summary", { class: "line" }, ...head));
  // Most frames are never opened: the content is laid out on demand.
  details.addEventListener("toggle", () => unfold(details, detail), { once: true });
  return el("li", { class: "frame", data: { direction } }, details);
};

const unfold = (details: HTMLElement, detail: string): void =>
  details.append(
    el(
      "div",
      { class: "detail" },
      el("pre", { text: detail }),
      copyButton(() => detail, "Copy this frame"),
    ),
  );

const stateRow = ({ at, value }: Timed<StateChange>): HTMLLIElement => {
  const { state, code, retryIn } = value;
  const retry = retryIn === undefined ? "" : ` Next attempt in ${duration(retryIn)}.`;
  return el(
    "li",
    { class: "row", data: { state } },
    el("span", {}, el("span", { class: "pill", text: state })),
    el("span", {}, codeBadge(code), document.createTextNode(` ${stateWords(value)}${retry}`)),
    el("time", { text: clock(at), attributes: { datetime: new Date(at).toISOString() } }),
  );
};
