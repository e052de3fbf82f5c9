import type { Channel, PushIt, PushItError } from "push-it-client";
import { at, QUIET, replay, replayed } from "./recorded.js";
import type { Peer } from "./scripted-server.js";
import type { Bench } from "./setup.js";

/** A connected client that is not subscribed. Frames are answered by the test. */
export const connectedOnly = async (bench: Bench) => {
  bench.server.automatic = false;
  return bench.connected(QUIET);
};
/** The data of the messages that the listeners of a channel object receive. */
export const listen = (channel: Pick<Channel, "on"> | Pick<PushIt, "on">): unknown[] => {
  const received: unknown[] = [];
  (channel as Pick<PushIt, "on">).on("message", ({ data }) => received.push(data));
  return received;
};

/** The code with which a promise is rejected, or "ok". */
export const codeOf = (promise: Promise<unknown>): Promise<string> =>
  promise.then(
    () => "ok",
    (error: PushItError) => error.code,
  );

/** Answers a request for the newest messages, which come newest first. */
export const page = (peer: Peer, frame: Parameters<typeof replay>[1], ...offsets: number[]): void =>
  replay(peer, frame, { position: at(offsets[0] ?? 0), messages: replayed(...offsets).reverse() });
