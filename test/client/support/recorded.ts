import type { Position, Replay } from "../../../protocol/index.js";
import type { PushIt, PushItOptions } from "push-it-client";
import type { ClientFrame, Peer } from "./scripted-server.js";
import { settled, type Bench } from "./setup.js";

/** No pings of the heartbeat, which nobody would answer: for tests in which much time passes. */
export const QUIET = { checkInterval: 1e12, pingInterval: 1e12, suspectAfter: 1e12 };

/** A position in the history that tests use where they name no other. */
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

/** What a subscribe frame asked for, each with where it is. */
export const targets = (frame: ClientFrame): { channel: string; since?: Position }[] =>
  (frame.data!.channels as unknown as (string | { channel: string; since?: Position })[]).map((target) =>
    typeof target === "string" ? { channel: target } : target,
  );

/** Answers a subscribe or history frame about one channel. */
export const replay = (
  peer: Peer,
  { action, uuid, data }: ClientFrame,
  told: Partial<Replay> & { historyCheckIntervalMs?: number; presenceIntervalMs?: number },
): void => {
  const channel =
    action === "subscribe" ? targets({ action, uuid, data })[0]!.channel : (data as unknown as Replay).channel;
  peer.send({ channel: "/meta/" + action, uuid, successful: true, data: { channel, ...told } });
};

/** What an application hears on all its channels, by what its messages carry. */
export const hearing = (pushIt: PushIt): unknown[] => {
  const heard: unknown[] = [];
  pushIt.on("message", ({ data }) => heard.push(data));
  return heard;
};

/** Lets frames that were sent arrive, on both sides. */
export const arrived = async (pushIt: PushIt, peer: Peer): Promise<void> => {
  // Frames keep their order: what was sent before is handled when this is.
  const heard = new Promise<void>((resolve) => {
    const off = pushIt.on("message", ({ channel }) => {
      if (channel !== "/meta/user") return;
      off();
      resolve();
    });
  });
  peer.send({ channel: "/meta/user", uuid: `s${(sent += 1)}`, data: "settled" });
  await heard;
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
  const heard = hearing(pushIt);
  return { pushIt, peer, states, heard, frame };
};

/** Cuts the connection; gives the server's end of the next one. */
export const reconnected = async (bench: Bench, pushIt: PushIt, peer: Peer): Promise<Peer> => {
  peer.socket.terminate();
  while (pushIt.state === "connected") await settled();
  bench.platform.advance(1_000);
  return bench.server.peers.take();
};

/** The numbers among what was heard: what was "settled" is left out. */
export const numbers = (heard: unknown[]): number[] => heard.filter((data) => typeof data === "number");
