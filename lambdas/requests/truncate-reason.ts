import { MAX_REASON_BYTES } from "../../protocol/index.js";

/** Bytes of a text in a frame, with JSON's escapes. */
const bytesOf = (text: string): number => Buffer.byteLength(JSON.stringify(text)) - '""'.length;

/** Half of a surrogate pair, which is not valid text: DynamoDB refuses it, and UTF-8 cannot encode it. */
const HALF = /\p{Surrogate}/gu;

/**
 * A reason of at most `MAX_REASON_BYTES` bytes in a frame, cut between characters. Halves of surrogate pairs are
 * replaced.
 */
export const truncateReason = (given: string): string => {
  const reason = given.replace(HALF, "\ufffd");
  if (bytesOf(reason) <= MAX_REASON_BYTES) return reason;
  let kept = "";
  let bytes = 0;
  for (const character of reason) {
    bytes += bytesOf(character);
    if (bytes > MAX_REASON_BYTES) break;
    kept += character;
  }
  return kept;
};
