import { FRAME_BYTES, MESSAGES_PER_FRAME } from "../protocol/limits.js";
import type { Answer, Message } from "../protocol/frames.js";

/** What may come in: a message, an answer, an error of API Gateway itself; every field is unproven. */
export type Incoming = Partial<Answer & Message> & { message?: unknown };

/** The objects of a frame from the server; none for an empty frame, and for what is not ours. */
export const parse = (text: unknown): Incoming[] => {
  try {
    return [JSON.parse(text as string)].flat().filter((value) => value && typeof value === "object");
  } catch {
    return [];
  }
};

/** How many bytes `text` has as UTF-8. */
export const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);

/** Something that goes into a frame: its JSON, and how long that is in bytes. */
export interface Part {
  _json: string;
  _bytes: number;
}

/** Room for what surrounds the parts of a frame: action, meta channel, uuid and brackets take less than 128 bytes. */
const ENVELOPE = 128;

/** How many of the first `parts` fit one frame; 0 when already the first is too large for any. */
export const fitting = (parts: readonly Part[]): number => {
  let room = FRAME_BYTES - ENVELOPE;
  let count = 0;
  // CHANNELS_PER_FRAME is the same number: frames.test.ts holds the two together.
  for (const part of parts.slice(0, MESSAGES_PER_FRAME)) {
    room -= part._bytes + 1;
    if (room < 0) break;
    count++;
  }
  return count;
};
