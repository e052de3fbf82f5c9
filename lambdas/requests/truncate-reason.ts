import { MAX_REASON_BYTES } from "../../protocol/index.js";

/** How many bytes a text takes in a frame, where JSON may escape it. */
const bytesOf = (text: string): number => Buffer.byteLength(JSON.stringify(text)) - '""'.length;

/** Half of a surrogate pair, which is not text: DynamoDB does not take it, and UTF-8 cannot say it. */
const HALF = /\p{Surrogate}/gu;

/** As much of a reason as takes at most `MAX_REASON_BYTES` bytes in a frame, cut between characters; what is not text is replaced. */
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
