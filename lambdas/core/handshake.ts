import { CREDENTIALS_BYTES, CREDENTIALS_PREFIX, type Json, PROTOCOL, PROTOCOL_DENIED } from "../../protocol/index.js";

/** What a client offers in its handshake. */
export interface Offer {
  /** Whether it wants a denial explained on a socket that has no agent. */
  explains: boolean;
  credentials: Json | undefined;
}

/** Reads the `Sec-WebSocket-Protocol` header of a handshake; `undefined` when it is not one of this protocol. */
export const readOffer = (headers: Record<string, string | undefined>): Offer | undefined => {
  const header = Object.entries(headers).find(([name]) => name.toLowerCase() === "sec-websocket-protocol")?.[1] ?? "";
  const offered = header.split(",").map((entry) => entry.trim());
  if (!offered.includes(PROTOCOL)) return undefined;
  const entries = offered.filter((entry) => entry.startsWith(CREDENTIALS_PREFIX));
  if (entries.length > 1) return undefined;
  const explains = offered.includes(PROTOCOL_DENIED);
  if (entries[0] === undefined) return { explains, credentials: undefined };
  const encoded = entries[0].slice(CREDENTIALS_PREFIX.length);
  // Buffer skips what is not base64url instead of refusing it.
  if (!/^[\w-]+$/.test(encoded)) return undefined;
  const json = Buffer.from(encoded, "base64url");
  if (json.length > CREDENTIALS_BYTES) return undefined;
  try {
    return { explains, credentials: JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(json)) as Json };
  } catch {
    return undefined;
  }
};
