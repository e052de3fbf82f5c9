import type { Code } from "../../protocol/index.js";
import { CRASHING_CREDENTIALS, GREETED_AGENT, GREETINGS_CHANNEL, PASSWORD, userOf } from "./policy.js";

/** The expected result of a handshake: an HTTP status, or a socket with an agent or a denial. */
export type HandshakeOutcome =
  { status: number } | { status: 101; denied: Code } | { status: 101; name: string; subscribed: string[] };

/** Maximum size of credentials, in bytes of their JSON. */
export const MAX_CREDENTIALS_BYTES = 4_096;

const parsed = (text: string): { value: unknown } | undefined => {
  try {
    return { value: JSON.parse(text) as unknown };
  } catch {
    return undefined;
  }
};

/**
 * Predicts the result of an offer, by docs/PROTOCOL.md, "Handshake".
 * @param credentials the text that is offered as JSON; `undefined`: none
 */
export const predictHandshake = (protocols: readonly string[], credentials: string | undefined): HandshakeOutcome => {
  const text = credentials === undefined ? undefined : Buffer.from(credentials).toString();
  const read = text === undefined ? { value: undefined } : parsed(text);
  const large = text !== undefined && Buffer.byteLength(text) > MAX_CREDENTIALS_BYTES;
  const explains = protocols.includes("push-it.v1.denied");
  if (!protocols.includes("push-it.v1") || (large && !explains)) return { status: 400 };
  if (large) return { status: 101, denied: "credentials_too_large" };
  if (!read) return { status: 400 };
  const { pass, name } = (typeof read.value === "object" && read.value !== null ? read.value : {}) as Record<
    string,
    unknown
  >;
  if (pass !== PASSWORD) {
    if (!explains) return { status: 403 };
    return { status: 101, denied: pass === CRASHING_CREDENTIALS ? "guard_failed" : "denied" };
  }
  return {
    status: 101,
    name: typeof name === "string" ? name : "nobody",
    // The channel of the agent's user is a row like any other.
    subscribed: name === GREETED_AGENT ? [GREETINGS_CHANNEL, `/meta/user/${userOf(name)}`] : [],
  };
};
