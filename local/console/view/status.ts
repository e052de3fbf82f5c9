import type { StateChange } from "push-it-client";
import type { Session } from "../model/session.js";
import { stateWords } from "../model/error-messages.js";
import { byId, copyButton } from "./dom.js";

/** The interval at which the countdown to the next attempt is updated, in milliseconds. */
const COUNTDOWN_MS = 250;

/** The header: state, reason, countdown to the next attempt, agent; and the page's title. */
export const showStatus = (session: Session): void => {
  const title = showTitle(session);
  const reason = byId("state-reason", HTMLElement);
  let countdown: number | undefined;

  const show = (change: StateChange): void => {
    document.body.dataset.state = change.state;
    byId("state", HTMLElement).textContent = change.state;
    byId("state-announcement", HTMLElement).textContent = announcement(change);
    title.state(change.state);
    clearInterval(countdown);
    const due = Date.now() + (change.retryIn ?? 0);
    const update = (): void => void (reason.textContent = reasonLine(change, due - Date.now()));
    if (change.retryIn !== undefined) countdown = window.setInterval(update, COUNTDOWN_MS);
    update();
  };
  session.listen({ state: show, server: ({ agent }) => showAgent(agent), gone: () => showAgent("") });
  byId("copy-agent", HTMLButtonElement).replaceWith(
    copyButton(() => byId("agent", HTMLElement).textContent ?? "", "Copy the agent id"),
  );
};

const announcement = (change: StateChange): string => `${change.state}: ${stateWords(change)}`;

const reasonLine = (change: StateChange, remaining: number): string => {
  if (change.state === "connected") return "";
  if (change.retryIn === undefined) return stateWords(change);
  const seconds = Math.max(0, Math.ceil(remaining / 1_000));
  return `${stateWords(change)} ${seconds > 0 ? `Next attempt in ${seconds} s.` : "Trying again…"}`;
};

const showAgent = (agent: string): void => {
  byId("agent", HTMLElement).textContent = agent;
  byId("fact-agent", HTMLElement).hidden = agent === "";
};

/** The title distinguishes two tabs: the state, and the number of unread messages. */
const showTitle = (session: Session): { state: (state: string) => void } => {
  let state = "disconnected";
  let unseen = 0;
  const show = (): void => void (document.title = `${unseen > 0 ? `(${unseen}) ` : ""}Push-It console · ${state}`);
  document.addEventListener("visibilitychange", () => {
    if (document.hidden) return;
    unseen = 0;
    show();
  });
  session.listen({
    message: () => {
      if (!document.hidden) return;
      unseen++;
      show();
    },
  });
  return {
    state: (now) => {
      state = now;
      show();
    },
  };
};
