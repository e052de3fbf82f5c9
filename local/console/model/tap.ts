import type { SocketClass } from "push-it-client";
import { CREDENTIALS_PREFIX, SESSION_PREFIX } from "../../../protocol/index.js";
import type { Direction } from "./frames.js";

/** Something that happened on the wire. */
export type WireEvent =
  | { kind: "handshake"; url: string; protocols: string[] }
  | { kind: "open"; protocol: string }
  | { kind: "frame"; direction: Direction; text: string }
  | { kind: "close"; code: number; reason: string };

/** A socket, as far as whoever watches it may want to meddle with it. */
export interface TappedSocket {
  send(text: string): void;
  close(code: number, reason: string): void;
}

/** Told what happened, and on which socket. */
export type Tell = (event: WireEvent, socket: TappedSocket) => void;

/**
 * A WebSocket class that tells all it does, for the SDK's `WebSocket` option: the SDK itself spends no bytes on being
 * watched.
 * @param Base the class that does it
 * @param admit asked before each is made: what it throws is why there is none
 */
export const tapped = (Base: typeof WebSocket, tell: Tell, admit = (): void => {}): SocketClass =>
  class extends Base {
    constructor(url: string, protocols: string[]) {
      admit();
      super(url, protocols);
      tell({ kind: "handshake", url, protocols: protocols.map(withoutSecret) }, this);
      this.addEventListener("open", () => tell({ kind: "open", protocol: this.protocol }, this));
      this.addEventListener("message", ({ data }) =>
        tell({ kind: "frame", direction: "in", text: String(data) }, this),
      );
      this.addEventListener("close", ({ code, reason }) => tell({ kind: "close", code, reason }, this));
    }

    override send(text: string): void {
      super.send(text);
      tell({ kind: "frame", direction: "out", text }, this);
    }
  };

/** Screens are shared and pictures taken: of credentials, only the length is told. */
const withoutSecret = (protocol: string): string => {
  const secret = [CREDENTIALS_PREFIX, SESSION_PREFIX].find((prefix) => protocol.startsWith(prefix));
  return secret ? `${secret}… (${protocol.length - secret.length} characters of base64url, not shown)` : protocol;
};
