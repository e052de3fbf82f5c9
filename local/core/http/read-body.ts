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

/**
 * Reads the whole body of a request or a response. `buffer` of `node:stream/consumers` does the same through a `Blob`,
 * which takes several times as long for the small bodies here.
 * @throws Error if the other side disconnects before it has sent everything
 */
export const readWholeBody = (message: IncomingMessage): Promise<Buffer> =>
  new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    message.on("data", (chunk: Buffer) => chunks.push(chunk));
    message.once("end", () => resolve(chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks)));
    message.once("error", reject);
    message.once("close", () => reject(new Error("The other side disconnected before it had sent everything.")));
  });
