import type { PushIt } from "../push-it.js";
import type { ConnectionSnapshot, View } from "./types.js";

/** Of each client, so that all components share one, also after a hot reload. */
const views = new WeakMap<PushIt, View<ConnectionSnapshot>>();

const INITIAL: ConnectionSnapshot = {
  state: "disconnected",
  code: undefined,
  reason: "",
  retryIn: undefined,
  me: undefined,
};

/** The connection of a client. It is followed for as long as the client exists. */
export const connectionView = (client: PushIt): View<ConnectionSnapshot> => {
  const known = views.get(client);
  if (known) return known;
  const listeners = new Set<() => void>();
  let snapshot: ConnectionSnapshot = { ...INITIAL, state: client.state, me: client.me };
  const update = (change: Partial<ConnectionSnapshot>): void => {
    snapshot = { ...snapshot, ...change, me: client.me };
    for (const listener of listeners) listener();
  };
  client.on("state", ({ state, code, reason, retryIn }) => update({ state, code, reason, retryIn }));
  client.on("me", () => update({}));
  const view: View<ConnectionSnapshot> = {
    subscribe(listener) {
      const entry = () => listener();
      listeners.add(entry);
      return () => void listeners.delete(entry);
    },
    getSnapshot: () => snapshot,
    getServerSnapshot: () => INITIAL,
  };
  views.set(client, view);
  return view;
};
