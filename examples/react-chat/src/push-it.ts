import { PushIt } from "push-it-client";
import { channels } from "./channels.js";

/** The user of this tab. Your application has its own way to sign in. */
export const session = {
  get name(): string | null {
    return sessionStorage.getItem("name");
  },
  set name(name: string | null) {
    if (name === null) sessionStorage.removeItem("name");
    else sessionStorage.setItem("name", name);
  },
};

/** The client of this page. It has a module of its own, so that a hot reload keeps the connection. */
export const pushIt = new PushIt({
  url: import.meta.env.PUSH_IT_URL as string,
  types: channels,
  credentials: () => ({ name: session.name ?? "" }),
  autoConnect: session.name !== null,
});
