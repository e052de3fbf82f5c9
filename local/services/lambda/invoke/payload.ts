import type { IncomingMessage } from "node:http";
import { SYNC_BYTES } from "./limits.js";

/** The whole body; `undefined` when it is larger than any may be: the rest of it is not worth reading. */
export const bodyOf = async (request: IncomingMessage): Promise<Buffer | undefined> => {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > SYNC_BYTES) {
      request.resume();
      return undefined;
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
};

/** What a payload says, or what is wrong with it. None at all is an empty object. */
export const parsePayload = (body: Buffer): { value: unknown } | string => {
  if (body.length === 0) return { value: {} };
  try {
    return { value: JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(body)) as unknown };
  } catch (error) {
    return error instanceof SyntaxError ? error.message : "the payload is not UTF-8";
  }
};
