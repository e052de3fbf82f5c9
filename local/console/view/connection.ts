import type { StateChange } from "push-it-client";
import { MAX_CREDENTIALS_BYTES } from "../../../protocol/index.js";
import { count } from "../model/format.js";
import { readCredentials, readUrl } from "../model/input.js";
import type { Session } from "../model/session.js";
import { stateWords } from "../model/error-messages.js";
import { byId, codeBadge, el, setProblem } from "./dom.js";
import { remember, remembered } from "./local-storage.js";

/** The connection form. */
export interface ConnectionForm {
  /** Fills in the URL. */
  fill: (url: string) => void;
  /** Folds the credentials away if they are not needed. */
  foldCredentials: () => void;
  /** Connects with the values of the fields, or shows their errors. */
  connect: () => void;
}

/** The form that connects: URL, credentials, and a denial with its reason. */
export const showConnection = (session: Session): ConnectionForm => {
  const url = byId("url", HTMLInputElement);
  const credentials = byId("credentials", HTMLTextAreaElement);
  const box = byId("credentials-box", HTMLDetailsElement);
  const keep = byId("remember", HTMLInputElement);
  const urlProblem = byId("url-error", HTMLElement);
  const credentialsProblem = byId("credentials-error", HTMLElement);
  keep.checked = remembered("url") !== null;

  const connect = (): void => {
    const where = readUrl(url.value);
    const who = readCredentials(credentials.value);
    setProblem(url, urlProblem, where.ok ? "" : where.problem);
    setProblem(credentials, credentialsProblem, who.ok ? "" : who.problem);
    if (!where.ok) return url.focus();
    if (!who.ok) {
      box.open = true;
      return credentials.focus();
    }
    remember("url", keep.checked ? where.value : undefined);
    session.connect(where.value, who.value.value);
  };

  byId("connection", HTMLFormElement).addEventListener("submit", (event) => {
    event.preventDefault();
    connect();
  });
  credentials.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey)) return;
    event.preventDefault();
    connect();
  });
  byId("disconnect", HTMLButtonElement).addEventListener("click", () => session.disconnect());
  keep.addEventListener("change", () =>
    remember("url", keep.checked && readUrl(url.value).ok ? url.value.trim() : undefined),
  );
  url.addEventListener("input", () => setProblem(url, urlProblem, ""));
  credentials.addEventListener("input", () => {
    setProblem(credentials, credentialsProblem, "");
    showSize(credentials.value);
  });
  showSize(credentials.value);
  session.listen({ state: showState });
  return {
    fill: (text) => {
      url.value = text;
      setProblem(url, urlProblem, "");
    },
    foldCredentials: () => (box.open = false),
    connect,
  };
};

const showSize = (text: string): void => {
  const read = readCredentials(text);
  const output = byId("credentials-bytes", HTMLElement);
  output.textContent = read.ok ? sizeText(read.value.bytes) : "not valid";
  output.toggleAttribute("data-over", !read.ok);
};

const sizeText = (size: number): string =>
  size === 0 ? "none" : `${count(size)} / ${count(MAX_CREDENTIALS_BYTES)} bytes`;

const showState = (change: StateChange): void => {
  const { state } = change;
  const live = state === "connected" || state === "connecting";
  const disconnect = byId("disconnect", HTMLButtonElement);
  const connect = byId("connect", HTMLButtonElement);
  // A disabled button loses the focus to nowhere: hand it on.
  if (!live && document.activeElement === disconnect) connect.focus();
  disconnect.disabled = !live;
  connect.textContent = live ? "Reconnect" : "Connect";
  connect.classList.toggle("primary", !live);
  const denial = byId("denial", HTMLElement);
  denial.hidden = state !== "denied";
  denial.replaceChildren(...(state === "denied" ? denied(change) : []));
};

const denied = (change: StateChange): HTMLElement[] => [
  el("p", {}, codeBadge(change.code), document.createTextNode(` ${stateWords(change)}`)),
  el("p", { class: "note", text: "No further attempt is made until you connect again." }),
];
