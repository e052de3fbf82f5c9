import type { RecoveryReport } from "../model/recovery.js";
import { recoveryWords, type RecoveryWords } from "../model/recovery-messages.js";
import type { Session } from "../model/session.js";
import { button, byId, el } from "./dom.js";

/** The interval at which the rest of an outage is updated, in milliseconds. */
const COUNTDOWN_MS = 250;

/** The page's text while it cuts its own connection. */
const CUT: RecoveryWords = { tone: "warn", title: "This connection is cut.", lines: [] };

/** The button that cuts the connection, and the recovery after this or any other loss. */
export const showRecovery = (session: Session): void => {
  const strip = byId("recovery", HTMLElement);
  const words = byId("recovery-words", HTMLElement);
  const tools = byId("recovery-tools", HTMLElement);
  const cut = byId("cut", HTMLButtonElement);
  const mend = button("", () => session.mend());
  const dismiss = button("×", () => hide(), { label: "Dismiss", class: "quiet" });
  let countdown: number | undefined;
  let report: RecoveryReport | undefined;
  let shown = "";
  let dismissed: number | undefined;

  const hide = (): void => {
    dismissed = report?.lostAt;
    strip.hidden = true;
    byId("messages", HTMLElement).focus();
  };
  const show = (): void => {
    const outage = countdown !== undefined;
    strip.hidden = !outage && (report === undefined || report.lostAt === dismissed);
    const said = outage && report?.backAt === undefined ? CUT : report && recoveryWords(report);
    // The same text would be announced again.
    const text = JSON.stringify(said);
    if (!said || text === shown) return;
    shown = text;
    strip.dataset.tone = said.tone;
    words.replaceChildren(...wordsElements(said, outage));
  };
  const outage = (until: number | undefined): void => {
    const focused = tools.contains(document.activeElement);
    clearInterval(countdown);
    countdown = undefined;
    tools.replaceChildren(until === undefined ? dismiss : mend);
    if (until !== undefined) {
      const update = (): void =>
        void (mend.textContent = `Mend it now (${Math.max(0, Math.ceil((until - Date.now()) / 1_000))} s)`);
      countdown = window.setInterval(update, COUNTDOWN_MS);
      update();
    }
    show();
    // The pressed button is disabled or removed by now.
    if (until !== undefined) mend.focus();
    else if (focused) dismiss.focus();
  };

  outage(undefined);
  cut.addEventListener("click", () => session.cut());
  session.listen({
    outage,
    state: ({ state }) => (cut.disabled = state !== "connected"),
    recovery: (now) => {
      report = now;
      show();
    },
  });
};

const wordsElements = ({ title, lines }: RecoveryWords, outage: boolean): HTMLElement[] => [
  el("p", {}, el("strong", { text: title })),
  ...(outage
    ? [
        el("p", {
          class: "note",
          text: "Publish in another tab now. What this one misses comes later, where the channel keeps a history.",
        }),
      ]
    : []),
  ...lines.map(({ channel, text }) => el("p", {}, el("code", { text: channel }), document.createTextNode(` ${text}`))),
];
