import { clock, count, hueOf, size } from "../model/format.js";
import { placeOf } from "../model/history.js";
import { jsonBytes, layOut } from "../model/layout.js";
import type { Session } from "../model/session.js";
import type { ReceivedMessage } from "../model/guard-events.js";
import { matches } from "../../../protocol/index.js";
import { byId, el, setCount } from "./dom.js";
import { LiveList } from "./live-list.js";

/** How many messages are kept. */
const LIMIT = 500;

/** The interval at which new messages are announced to screen readers, in milliseconds. */
const ANNOUNCE_MS = 1_500;

/** The note at a message that was not delivered when it was published. */
const LATE = {
  missed: { text: "recovered", title: "Published while the connection was lost" },
  earlier: { text: "earlier", title: "Loaded from the channel's history" },
};

/** The messages as they arrive: newest first, filtered, paused, cleared. */
export const showMessages = (session: Session): void => {
  const pause = byId("pause", HTMLButtonElement);
  const filter = byId("filter", HTMLInputElement);
  const list = new LiveList<ReceivedMessage>({
    list: byId("message-list", HTMLElement),
    empty: byId("messages-empty", HTMLElement),
    limit: LIMIT,
    row,
    counted: (total, heldBack) => {
      setCount("messages", total);
      pause.textContent = pause.ariaPressed === "true" ? `Resume${heldBack > 0 ? ` (${heldBack} new)` : ""}` : "Pause";
    },
  });
  const announce = announcer();

  session.listen({
    message: (message) => {
      list.add(message);
      announce(message.channel);
    },
    earlier: (messages) => list.merge(messages, placeOf),
  });
  pause.addEventListener("click", () => {
    pause.ariaPressed = String(pause.ariaPressed !== "true");
    list.pause(pause.ariaPressed === "true");
  });
  filter.addEventListener("input", () => {
    const wanted = filter.value.trim();
    list.filter(({ channel }) => wanted === "" || channel.includes(wanted) || matches(wanted, channel));
  });
  byId("clear-messages", HTMLButtonElement).addEventListener("click", () => list.clear());
};

const row = ({ channel, data, uuid, at, from, mine, position, late }: ReceivedMessage): HTMLLIElement => {
  const bytes = jsonBytes(data);
  const why = late && LATE[late];
  const item = el(
    "li",
    { class: "message", data: { ...(mine && { mine: "" }), ...(late && { late }) } },
    el(
      "div",
      { class: "meta" },
      el("span", { class: "name", text: channel }),
      ...(position
        ? [el("span", { class: "offset", text: `#${position.offset}`, attributes: { title: offsetTitle(position) } })]
        : []),
      ...(why
        ? [el("span", { class: "mark", text: why.text, data: { late: late }, attributes: { title: why.title } })]
        : []),
      ...(from
        ? [el("span", { class: "mark", text: from.userId ?? from.connection, attributes: { title: layOut(from) } })]
        : []),
      ...(mine ? [el("span", { class: "mark", text: "mine" })] : []),
      el("span", {
        text: bytes === undefined ? "" : size(bytes),
        attributes: { title: `uuid ${uuid}; size of the data as JSON` },
      }),
      el("time", { text: clock(at), attributes: { datetime: new Date(at).toISOString() } }),
    ),
    el("pre", { text: layOut(data) }),
  );
  item.style.setProperty("--hue", String(hueOf(channel)));
  return item;
};

const offsetTitle = ({ epoch, offset }: { epoch: string; offset: number }): string =>
  `Offset ${count(offset)} in the channel's history, epoch ${epoch}`;

/** Announces messages to screen readers: a summary if they arrive fast. */
const announcer = (): ((channel: string) => void) => {
  const region = byId("message-announcement", HTMLElement);
  let waiting = 0;
  let latest = "";
  return (channel) => {
    latest = channel;
    if (waiting++ > 0) return;
    setTimeout(() => {
      region.textContent = waiting === 1 ? `Message on ${latest}` : `${waiting} messages, the latest on ${latest}`;
      waiting = 0;
    }, ANNOUNCE_MS);
  };
};
