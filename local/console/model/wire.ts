import { MAX_FRAME_BYTES } from "../../../protocol/index.js";
import { describeFrame, type Direction } from "./frames.js";
import type { WireEvent } from "./tap.js";
import { closeWords } from "./error-messages.js";

/** A line of the wire view. */
export interface WireLine {
  /** `none` for events without a frame: handshake, opening, close. */
  direction: Direction | "none";
  arrow: string;
  /** The arrow in words, for screen readers. */
  label: string;
  what: string;
  /** The beginning of a message's data. */
  preview?: string;
  tone?: "bad" | "warn";
  /** The kind of the frame, if it is not obvious. */
  mark?: string;
  /** Of a frame, in bytes. */
  bytes?: number;
  /** The text for unfolding and copying. */
  detail?: string;
}

/** From how much of the limit on a frame is close to it. */
const NEAR = 0.9;

/** The line that shows `event`. */
export const wireLine = (event: WireEvent): WireLine => {
  switch (event.kind) {
    case "handshake":
      return {
        ...PLAIN,
        arrow: "→",
        label: "handshake",
        what: `handshake ${event.url}`,
        detail: offered(event.protocols),
      };
    case "open":
      return { ...PLAIN, arrow: "●", label: "opened", what: `open, ${event.protocol || "no subprotocol"} selected` };
    case "close":
      return {
        ...PLAIN,
        arrow: "×",
        label: "closed",
        what: closeText(event),
        ...(event.code === 1000 ? {} : { tone: "warn" }),
      };
    case "frame":
      return frameLine(event.direction, event.text);
  }
};

const PLAIN = { direction: "none" } as const;

const offered = (protocols: string[]): string =>
  ["Sec-WebSocket-Protocol:", ...protocols.map((name) => `  ${name}`)].join("\n");

const closeText = ({ code, reason }: { code: number; reason: string }): string =>
  [`close ${closeWords(code)}`, ...(reason ? [`“${reason}”`] : [])].join(" · ");

const frameLine = (direction: Direction, text: string): WireLine => {
  const { kind, summary, preview, failed, bytes: length, detail } = describeFrame(direction, text);
  return {
    direction,
    arrow: direction === "out" ? "↑" : "↓",
    label: direction === "out" ? "sent" : "received",
    what: summary,
    preview,
    bytes: length,
    ...(failed ? { tone: "bad" } : length > MAX_FRAME_BYTES * NEAR ? { tone: "warn" } : {}),
    ...(kind === "gateway" ? { mark: "API Gateway" } : kind === "foreign" ? { mark: "not Push-It" } : {}),
    ...(kind === "empty" ? {} : { detail }),
  };
};
