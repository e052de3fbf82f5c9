import type { IncomingMessage } from "node:http";

/**
 * Reads the body of a request.
 * @param maxBytes the largest body that is accepted; the rest of a larger one is discarded
 * @throws Error if the client disconnects before it has sent everything
 */
export const readBody = async (request: IncomingMessage, maxBytes: number): Promise<Buffer | "too large"> => {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > maxBytes) {
      request.resume();
      return "too large";
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
};
