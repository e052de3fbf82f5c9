import { WebSocket } from "ws";
import { PushIt } from "push-it-client";

/** The URL and the credentials of a connection. */
export interface ConnectTarget {
  url: string;
  /** The credentials for the connection guard. @default none */
  credentials?: unknown;
}

/** Timeout of a connection attempt, in milliseconds. */
const CONNECT_MS = 60_000;

/**
 * Connects an SDK client.
 * @throws Error (rejects) with code and reason, if the first attempt fails or times out
 */
export const connectClient = ({ url, credentials }: ConnectTarget): Promise<PushIt> =>
  new Promise((resolve, reject) => {
    const client = new PushIt({ url, WebSocket, credentials });
    const fail = (why: string): void => {
      clearTimeout(timer);
      client.disconnect();
      reject(new Error(`could not connect: ${why}`));
    };
    const timer = setTimeout(() => fail("no answer in time"), CONNECT_MS);
    client.on("state", ({ state, code, reason }) => {
      if (state === "connected") {
        clearTimeout(timer);
        resolve(client);
      } else if (code !== "connect") fail(`${code} ${reason}`);
    });
  });

/** Parallel connects. */
const AT_ONCE = 20;

/** Connects clients and subscribes them to a channel. */
export const connectSubscribers = async (target: ConnectTarget, channel: string, count: number): Promise<PushIt[]> => {
  const clients: PushIt[] = [];
  try {
    while (clients.length < count) {
      const more = Math.min(AT_ONCE, count - clients.length);
      const begun = await Promise.allSettled(Array.from({ length: more }, () => connectClient(target)));
      const made = begun.flatMap((each) => (each.status === "fulfilled" ? [each.value] : []));
      clients.push(...made);
      const failed = begun.find((each) => each.status === "rejected");
      if (failed) throw failed.reason;
      await Promise.all(made.map((client) => client.channel(channel).subscribe()));
    }
    return clients;
  } catch (error) {
    for (const client of clients) client.disconnect();
    throw error;
  }
};
