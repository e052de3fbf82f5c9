import type { State } from "push-it-client";
import { hueOf } from "../model/format.js";
import { readSubscription } from "../model/input.js";
import type { Session } from "../model/session.js";
import type { Problem, SubscriptionStatus } from "../model/subscriptions.js";
import type { ShownSubscription } from "../model/guard-events.js";
import { button, byId, codeBadge, el, setCount, setProblem } from "./dom.js";
import { historyLines } from "./history.js";
import { lastText, members } from "./members.js";

/** The subscriptions: a field to make one, and one row each with its state or the reason why not. */
export const showChannels = (session: Session, publishOn: (channel: string) => void): void => {
  const field = byId("subscribe-channel", HTMLInputElement);
  const problem = byId("subscribe-error", HTMLElement);
  field.addEventListener("input", () => setProblem(field, problem, ""));
  byId("subscription", HTMLFormElement).addEventListener("submit", (event) => {
    event.preventDefault();
    const channel = readSubscription(field.value);
    setProblem(field, problem, channel.ok ? "" : channel.problem);
    if (!channel.ok) return field.focus();
    session.subscribe(channel.value);
    publishOn(channel.value);
    field.value = "";
    field.focus();
  });
  const shown: Shown = { all: [], me: "", history: historyLines(session) };
  const show = (): void => {
    showAll(session, shown, publishOn);
    announce(shown);
  };
  session.listen({
    subscriptions: (all) => {
      shown.all = all;
      show();
    },
    server: ({ agent }) => {
      shown.me = agent;
      show();
    },
  });
};

/** The subscriptions with their members and this page's own entry, and the lines of channels with a history. */
interface Shown {
  all: ShownSubscription[];
  me: string;
  history: (channel: string) => HTMLElement;
}

/** Announces the last join or leave to screen readers. The rows are rebuilt, so they are not announced. */
const announce = ({ all, me }: Shown): void => {
  const [latest] = all
    .flatMap(({ channel, here }) => (here?.last && here.last.member.agent !== me ? [{ channel, last: here.last }] : []))
    .sort((a, b) => b.last.at - a.last.at);
  const region = byId("presence-announcement", HTMLElement);
  const text = latest ? `${latest.channel}: ${lastText(latest.last)}` : "";
  if (region.textContent !== text) region.textContent = text;
};

const showAll = (session: Session, shown: Shown, publishOn: (channel: string) => void): void => {
  const { all } = shown;
  const list = byId("chips", HTMLElement);
  const focused = list.contains(document.activeElement) ? focusedIn(list) : undefined;
  list.replaceChildren(...all.map((subscription) => chip(session, subscription, shown, publishOn)));
  if (focused) restore(list, focused);
  byId("chips-empty", HTMLElement).hidden = all.length > 0;
  byId("known-channels", HTMLElement).replaceChildren(
    ...all.map(({ channel }) => el("option", { attributes: { value: channel } })),
  );
  setCount("channels", all.filter(({ status }) => status === "subscribed").length);
};

/** The rows are rebuilt on every change. The keyboard focus stays on the same row, or moves to the field. */
const focusedIn = (list: HTMLElement): string =>
  [...list.querySelectorAll("button")].find((each) => each === document.activeElement)?.getAttribute("aria-label") ??
  "";

const restore = (list: HTMLElement, label: string): void => {
  const same = [...list.querySelectorAll("button")].find((each) => each.getAttribute("aria-label") === label);
  (same ?? byId("subscribe-channel", HTMLInputElement)).focus();
};

const chip = (
  session: Session,
  subscription: ShownSubscription,
  shown: Shown,
  publishOn: (channel: string) => void,
): HTMLLIElement => {
  const { channel, status, problem, history, here } = subscription;
  const row = el(
    "li",
    { class: "chip", data: { status } },
    el("code", { class: "name", text: channel }),
    el("span", {
      class: "note",
      text: statusText(status, session.state),
      data: { tone: status === "subscribed" ? "good" : "" },
    }),
    el("div", { class: "tools" }, ...actions(session, subscription, publishOn)),
    ...(history ? [shown.history(channel)] : []),
    ...(here ? [members(here, shown.me)] : []),
    ...(problem ? [why(problem)] : []),
  );
  row.style.setProperty("--hue", String(hueOf(channel)));
  return row;
};

/** The code and reason of a refusal are shown below. */
const statusText = (status: SubscriptionStatus, connection: State): string => {
  if (status === "waiting") return connection === "connected" ? "subscribing…" : "once connected";
  if (status === "leaving") return "leaving…";
  return status === "subscribed" ? "subscribed" : "";
};

const actions = (
  session: Session,
  { channel, status }: ShownSubscription,
  publishOn: (channel: string) => void,
): Node[] => {
  const leave = (): void => session.unsubscribe(channel);
  if (status !== "refused") {
    return [
      button("Publish", () => publishOn(channel), { label: `Publish on ${channel}`, class: "quiet" }),
      button("×", leave, { label: `Unsubscribe from ${channel}`, class: "quiet" }),
    ];
  }
  return [
    button("Retry", () => session.subscribe(channel), { label: `Subscribe to ${channel} again`, class: "quiet" }),
    button("×", leave, { label: `Forget ${channel}`, class: "quiet" }),
  ];
};

const why = ({ code, reason }: Problem): HTMLElement =>
  el("p", { class: "why", attributes: { role: "alert" } }, codeBadge(code), document.createTextNode(` ${reason}`));
