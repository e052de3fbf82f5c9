import type { SocketClass } from "push-it-client";
import { CREDENTIALS_PREFIX, SESSION_PREFIX } from "../../../protocol/index.js";
import type { Direction } from "./frames.js";

/** Something that happened on the wire. */
export type WireEvent =
  | { kind: "handshake"; url: string; protocols: string[] }
  | { kind: "open"; protocol: string }
  | { kind: "frame"; direction: Direction; text: string }
  | { kind: "close"; code: number; reason: string };

/** A socket, as far as its observer may control it. */
export interface TappedSocket {
  send(text: string): void;
  close(code: number, reason: string): void;
}

/** Called with each event and its socket. */
export type OnWireEvent = (event: WireEvent, socket: TappedSocket) => void;

/**
 * A WebSocket class that reports all its events, for the SDK's `WebSocket` option: the SDK itself spends no bytes on
 * observation.
 * @param Base the class to extend
 * @param admit called before each socket is made; it may throw to prevent it
 */
export const tapped = (Base: typeof WebSocket, onEvent: OnWireEvent, admit = (): void => {}): SocketClass =>
  class extends Base {
    constructor(url: string, protocols: string[]) {
      admit();
      super(url, protocols);
      onEvent({ kind: "handshake", url, protocols: protocols.map(withoutSecret) }, this);
      this.addEventListener("open", () => onEvent({ kind: "open", protocol: this.protocol }, this));
      this.addEventListener("message", ({ data }) =>
        onEvent({ kind: "frame", direction: "in", text: String(data) }, this),
      );
      this.addEventListener("close", ({ code, reason }) => onEvent({ kind: "close", code, reason }, this));
    }

    override send(text: string): void {
      super.send(text);
      onEvent({ kind: "frame", direction: "out", text }, this);
    }
  };

/** Screens are shared and photographed, so only the length of credentials is shown. */
const withoutSecret = (protocol: string): string => {
  const secret = [CREDENTIALS_PREFIX, SESSION_PREFIX].find((prefix) => protocol.startsWith(prefix));
  return secret ? `${secret}… (${protocol.length - secret.length} characters of base64url, not shown)` : protocol;
};
