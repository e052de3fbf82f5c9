import type { Wire } from "./frames.js";
import { MAX_FRAME_BYTES, MAX_MESSAGE_BYTES } from "./protocol-rules.js";
import type { Prediction } from "./prediction.js";
import type { AgentSocket } from "./agent-socket.js";

/** A frame to send. */
export interface OutgoingFrame {
  peer: AgentSocket;
  wire: Wire;
  text: string;
  times: number;
  prediction: Prediction;
}

/** The close code that a text frame causes by its size alone. */
export const closeCodeBySize = (text: string, fragmentBytes?: number): number | undefined => {
  const size = Buffer.byteLength(text);
  const largest = fragmentBytes === undefined ? size : Math.min(size, fragmentBytes);
  return largest > MAX_FRAME_BYTES || size > MAX_MESSAGE_BYTES ? 1009 : undefined;
};

/** The prediction for a frame that closes the connection. */
export const predictClose = (code: number): Prediction => ({
  outcome: { kind: "close", code },
  subscribe: [],
  unsubscribe: [],
  publish: [],
  messages: 0,
});

/** Sends a frame `times` times. */
export const sendFrame = ({ peer: { socket }, wire, text, times }: OutgoingFrame): void => {
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
