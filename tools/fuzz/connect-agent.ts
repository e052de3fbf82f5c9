import { AgentSocket, openHandshake, quote, type SocketEvents } from "./agent-socket.js";
import type { FuzzContext } from "./context.js";
import { predictHandshake } from "./handshakes.js";
import { UNEXPLAINED_FAILURE, type Violations } from "./violations.js";

/** The offers of a handshake. */
export interface Offer {
  /** The subprotocols, without the entry of the credentials. */
  protocols: readonly string[];
  /** The text that is offered as JSON; `undefined`: none. */
  credentials: string | undefined;
  /** All subprotocol entries. */
  entries: readonly string[];
}

/**
 * Opens a socket, and checks the handshake.
 * @returns the socket, with the channels that its connection guard subscribed it to; `undefined` if there is none
 */
export const connectAgent = async (
  { url, tableName, answer }: FuzzContext,
  violations: Violations,
  events: SocketEvents,
  { protocols, credentials, entries }: Offer,
): Promise<{ socket: AgentSocket; subscribed: string[] } | undefined> => {
  const expected = predictHandshake(protocols, credentials);
  const offered = quote(credentials ?? "");
  const got = await openHandshake(url, entries);
  if (!("socket" in got)) {
    answer(`http_${got.status}`);
    if (got.status >= 500) violations.add(UNEXPLAINED_FAILURE, true);
    else if (got.status !== expected.status)
      violations.add(`a handshake was refused with ${got.status}, not ${expected.status}: ${offered}`);
    return undefined;
  }
  const denied = "denied" in expected ? expected.denied : undefined;
  const selected = denied ? "push-it.v1.denied" : "push-it.v1";
  if (expected.status !== 101 || got.socket.protocol !== selected) {
    got.socket.terminate();
    violations.add(`a handshake opened ${got.socket.protocol}, not ${expected.status}: ${offered}`);
    return undefined;
  }
  const { name, subscribed } = "name" in expected ? expected : { name: "", subscribed: [] };
  return { socket: new AgentSocket(got.socket, name, denied, tableName, events), subscribed };
};
