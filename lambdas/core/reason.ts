import { REASON_BYTES } from "../../protocol/index.js";

/** How many bytes a text takes in a frame, where JSON may escape it. */
const bytesOf = (text: string): number => Buffer.byteLength(JSON.stringify(text)) - '""'.length;

/** As much of a reason as takes at most `REASON_BYTES` bytes in a frame, cut between characters. */
export const cut = (reason: string): string => {
  if (bytesOf(reason) <= REASON_BYTES) return reason;
  let kept = "";
  let bytes = 0;
  for (const character of reason) {
    bytes += bytesOf(character);
    if (bytes > REASON_BYTES) break;
    kept += character;
  }
  return kept;
};
