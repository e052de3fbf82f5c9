import { CREDENTIALS_PREFIX } from "../../../protocol/index.js";
import type { SocketClass } from "../../../client/host.js";
import { byteLength } from "./format.js";
import type { Direction } from "./frames.js";

/** Something that happened on the wire. */
export type WireEvent =
  | { kind: "handshake"; url: string; protocols: string[] }
  | { kind: "open"; protocol: string }
  | { kind: "frame"; direction: Direction; text: string }
  | { kind: "close"; code: number; reason: string };

/**
 * A WebSocket class that tells all it does, for the SDK's `WebSocket` option: the SDK itself spends no bytes on being
 * watched.
 * @param Base the class that does it
 */
export const tapped = (Base: typeof WebSocket, tell: (event: WireEvent) => void): SocketClass =>
  class extends Base {
    constructor(url: string, protocols: string[]) {
      super(url, protocols);
      tell({ kind: "handshake", url, protocols: protocols.map(withoutSecret) });
      this.addEventListener("open", () => tell({ kind: "open", protocol: this.protocol }));
      this.addEventListener("message", ({ data }) => tell({ kind: "frame", direction: "in", text: String(data) }));
      this.addEventListener("close", ({ code, reason }) => tell({ kind: "close", code, reason }));
    }

    override send(text: string): void {
      super.send(text);
      tell({ kind: "frame", direction: "out", text });
    }
  };

/** Screens are shared and pictures taken: of credentials, only the size is told. */
const withoutSecret = (protocol: string): string => {
  if (!protocol.startsWith(CREDENTIALS_PREFIX)) return protocol;
  const hidden = byteLength(protocol) - CREDENTIALS_PREFIX.length;
  return `${CREDENTIALS_PREFIX}… (${hidden} characters of base64url, hidden)`;
};
