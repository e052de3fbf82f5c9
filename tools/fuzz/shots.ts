import type { Wire } from "./frames.js";
import { FRAME_BYTES, MESSAGE_BYTES } from "./names.js";
import type { Verdict } from "./oracle.js";
import type { Peer } from "./peer.js";

/** A frame on its way. */
export interface Shot {
  peer: Peer;
  wire: Wire;
  text: string;
  times: number;
  verdict: Verdict;
}

/** What a text frame leads to by its size alone: the code that the connection is closed with. */
export const closesBySize = (text: string, fragmentBytes?: number): number | undefined => {
  const size = Buffer.byteLength(text);
  const largest = fragmentBytes === undefined ? size : Math.min(size, fragmentBytes);
  return largest > FRAME_BYTES || size > MESSAGE_BYTES ? 1009 : undefined;
};

/** What a frame leads to that ends the connection. */
export const ends = (code: number): Verdict => ({
  outcome: { kind: "close", code },
  subscribe: [],
  unsubscribe: [],
  publish: [],
  messages: 0,
});

/** Sends a frame as often as it is to be sent. */
export const fire = ({ peer: { socket }, wire, text, times }: Shot): void => {
  for (let time = 0; time < times; time += 1) {
    if (wire.kind === "bytes") {
      socket.send(Buffer.from(wire.hex, "hex"), { binary: wire.binary }, () => undefined);
      continue;
    }
    const whole = Buffer.from(text);
    const size = wire.fragmentBytes ?? Math.max(1, whole.length);
    for (let at = 0; at === 0 || at < whole.length; at += size) {
      const fin = at + size >= whole.length;
      socket.send(whole.subarray(at, at + size), { binary: false, fin }, () => undefined);
    }
  }
};
