import { createContext, createElement, type ReactElement, type ReactNode, useContext } from "react";
import type { PushIt } from "../push-it.js";

const ClientContext = createContext<PushIt | undefined>(undefined);

/**
 * Gives a client to the hooks of all components below it. It neither connects nor disconnects the client. Make the
 * client in a module of its own, so that a hot reload of a component keeps the connection.
 * @example
 * const pushIt = new PushIt({ url: "wss://…" });
 * createRoot(root).render(<PushItProvider client={pushIt}><Chat /></PushItProvider>);
 */
export const PushItProvider = ({ client, children }: { client: PushIt; children?: ReactNode }): ReactElement =>
  createElement(ClientContext.Provider, { value: client }, children);

/**
 * The client of the nearest `PushItProvider`.
 * @throws Error without a provider
 * @example const pushIt = usePushIt();
 */
export const usePushIt = (): PushIt => {
  const client = useContext(ClientContext);
  if (!client) throw new Error("There is no <PushItProvider client={…}> above.");
  return client;
};
