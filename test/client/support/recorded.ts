import type { Position, Replay } from "../../../protocol/index.js";
import type { PushIt, PushItOptions } from "push-it-client";
import type { ClientFrame, Peer } from "./scripted-server.js";
import { settled, type Bench } from "./setup.js";

/** Options without pings of the heartbeat, for tests in which much time passes. */
export const QUIET = { checkInterval: 1e12, pingInterval: 1e12, suspectAfter: 1e12 };

/** A position, in the tests' default history. */
export const at = (offset: number, epoch = "e1"): Position => ({ epoch, offset });

/** A message of channel `a`, number `offset`, as it travels. */
export const numbered = (offset: number, epoch = "e1", channel = "a") => ({
  channel,
  uuid: `${channel}${epoch}${offset}`,
  data: offset,
  offset,
  epoch,
});

/** Messages of a replay, by their offsets. */
export const replayed = (...offsets: number[]) =>
  offsets.map((offset) => ({ uuid: `ae1${offset}`, data: offset, offset }));

/** The channels of a subscribe frame with their positions. */
export const targets = (frame: ClientFrame): { channel: string; since?: Position }[] =>
  (frame.data!.channels as unknown as (string | { channel: string; since?: Position })[]).map((target) =>
    typeof target === "string" ? { channel: target } : target,
  );

/** Answers a subscribe or history frame about one channel. */
export const replay = (
  peer: Peer,
  { action, uuid, data }: ClientFrame,
  fields: Partial<Replay> & { historyCheckIntervalMs?: number; presenceIntervalMs?: number },
): void => {
  const channel =
    action === "subscribe" ? targets({ action, uuid, data })[0]!.channel : (data as unknown as Replay).channel;
  peer.send({ channel: "/meta/" + action, uuid, successful: true, data: { channel, ...fields } });
};

/** Collects the data of all messages that an application receives. */
export const collectMessages = (pushIt: PushIt): unknown[] => {
  const received: unknown[] = [];
  pushIt.on("message", ({ data }) => received.push(data));
  return received;
};

/** Lets frames that were sent arrive, on both sides. */
export const arrived = async (pushIt: PushIt, peer: Peer): Promise<void> => {
  // Frames keep their order: when this one arrives, all earlier ones were handled.
  const last = new Promise<void>((resolve) => {
    const off = pushIt.on("message", ({ channel }) => {
      if (channel !== "/meta/user") return;
      off();
      resolve();
    });
  });
  peer.send({ channel: "/meta/user", uuid: `s${(sent += 1)}`, data: "settled" });
  await last;
  await settled();
};
let sent = 0;

/** A client that is subscribed to `a`, which has a history, at position 10. */
export const subscribed = async (bench: Bench, options: Partial<PushItOptions> = {}, position = at(10)) => {
  bench.server.automatic = false;
  const { pushIt, peer, states } = await bench.connected({ channels: ["a"], ...options });
  const frame = await peer.frames.find(({ action }) => action === "subscribe");
  replay(peer, frame, { position, historyCheckIntervalMs: 30_000 });
  await arrived(pushIt, peer);
  const received = collectMessages(pushIt);
  return { pushIt, peer, states, received, frame };
};

/** Cuts the connection, and returns the server's end of the next one. */
export const reconnected = async (bench: Bench, pushIt: PushIt, peer: Peer): Promise<Peer> => {
  peer.socket.terminate();
  while (pushIt.state === "connected") await settled();
  bench.platform.advance(1_000);
  return bench.server.peers.take();
};

/** The numbers among the received data, without "settled". */
export const numbers = (received: unknown[]): number[] => received.filter((data) => typeof data === "number");
