import type { Session } from "../model/session.js";
import { byId } from "./dom.js";
import { remember, remembered } from "./local-storage.js";

/** The channel of the first steps. */
const CHANNEL = "rooms/5";

/** The first steps, until they are dismissed or have been taken: a message of another tab has arrived. */
export const showHint = (session: Session, publishOn: (channel: string) => void): void => {
  const hint = byId("hint", HTMLElement);
  hint.hidden = remembered("hint") !== null;
  const preset = (): void => {
    publishOn(CHANNEL);
    byId("subscribe-channel", HTMLInputElement).value = CHANNEL;
  };
  byId("hint-preset", HTMLButtonElement).addEventListener("click", () => {
    preset();
    byId("subscribe-channel", HTMLInputElement).focus();
  });
  byId("hint-tab", HTMLButtonElement).addEventListener("click", () => {
    session.subscribe(CHANNEL);
    publishOn(CHANNEL);
    window.open(secondTab(location.href), "_blank", "noopener");
  });
  byId("hint-dismiss", HTMLButtonElement).addEventListener("click", () => {
    remember("hint", "dismissed");
    hint.hidden = true;
    byId("url", HTMLInputElement).focus();
  });
  session.listen({ message: ({ mine }) => mine || (hint.hidden = true) });
};

/** A link to the same page and stage, which subscribes to the channel once it is connected. */
const secondTab = (here: string): string => {
  const url = new URL(here);
  url.search = new URLSearchParams({ url: byId("url", HTMLInputElement).value, channel: CHANNEL }).toString();
  url.hash = "";
  return url.href;
};
