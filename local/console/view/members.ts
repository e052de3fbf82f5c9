import type { Member } from "push-it-client";
import type { Coming, Here } from "../model/presence.js";
import { clock, count, hueOf } from "../model/format.js";
import { nameOf } from "../model/names.js";
import { el } from "./dom.js";

/** How many are shown one by one. */
const NAMED = 12;

/**
 * The members of a channel with presence.
 * @param me this page's own entry
 */
export const members = ({ members: all, last }: Here, me: string): HTMLElement => {
  const mine = (member: Member): boolean => member.agent === me;
  // This page's own entry is first: users look for it.
  const sorted = [...all.filter(mine), ...all.filter((member) => !mine(member))];
  const more = sorted.length - NAMED;
  return el(
    "div",
    { class: "here" },
    el(
      "ul",
      { attributes: { "aria-label": "Present" } },
      el("li", { class: "note", text: `${count(all.length)} here` }),
      ...sorted.slice(0, NAMED).map((member) => person(member, mine(member))),
      ...(more > 0 ? [el("li", { class: "note", text: `and ${count(more)} more` })] : []),
    ),
    ...(last && !mine(last.member) ? [el("p", { class: "note", text: lastText(last) })] : []),
  );
};

const person = (member: Member, mine: boolean): HTMLLIElement => {
  const item = el("li", {
    class: "person",
    text: mine ? "you" : nameOf(member),
    data: mine ? { mine: "" } : {},
    attributes: { title: `Agent ${member.agent}` },
  });
  item.style.setProperty("--hue", String(hueOf(member.agent)));
  return item;
};

/** The last who came or left, for people. */
export const lastText = ({ came, member, at }: Coming): string =>
  `${nameOf(member)} ${came ? "joined" : "left"} at ${clock(at).slice(0, 8)}`;
