import type { Message } from "../protocol/frames.js";
import type { Position, Replay } from "../protocol/history.js";
import type { RequestCode } from "./errors.js";
import { RETRY_CAP } from "./options.js";
import type { Core } from "./parts.js";
import { remind } from "./remind.js";
import type { Settle } from "./request.js";

/** How long a message that is missing may still be on its way, in milliseconds, before the client asks for it. */
const LATE = 300;

/**
 * How long to wait before asking again for what the server could not tell yet, in milliseconds, and up to twice that at
 * random: it may take 5 seconds to know that a publication will never be stored.
 */
const PENDING = 1_000;

/** Most messages of one channel that wait for one before them; what is more is asked for again. */
const HELD = 500;

/** Where the client is on a channel that it subscribes to. */
interface Track {
  _channel: string;
  /** What has come before what is next. */
  _held: Message[];
  /** Everything up to here was told. Left out: not known yet, or the channel has no history. */
  _position?: Position;
  /** Something is known to follow that is not here. */
  _behind?: boolean | undefined;
  /** The wait before the next question, or the question under way. */
  _asking?: unknown;
}

/** What the server says of a channel: all of it, or that it says nothing, and why. */
interface Told extends Pick<Replay, "channel" | "messages" | "more" | "recovered"> {
  position?: Position | undefined;
  code?: RequestCode;
}

/** What history adds to a client: where the application is on channels that have it. */
export interface History {
  /** The application subscribes to a channel, maybe from where it was in an earlier life. */
  _begin(channel: string, since?: Position): unknown;
  /** Where it is. */
  _position(channel: string): Position | undefined;
}

/** Keeps the positions of channels with history, and tells their messages in order, each once, none left out. */
export const keepHistory = (core: Core): void => {
  const { host, retryCap = RETRY_CAP, _add, _message, _told } = core;
  const tracks = new Map<string, Track>();
  let checkEvery = Infinity;

  const begin = (channel: string, since?: Position): Track => {
    const track = tracks.get(channel) ?? { _channel: channel, _held: [] };
    tracks.set(channel, track);
    if (since) track._position ??= { epoch: since.epoch, offset: since.offset };
    return track;
  };

  const pass = (track: Track, message: Message): void => {
    track._position = { epoch: message.epoch!, offset: message.offset! };
    _message(message);
  };

  /** Forgets what is held: it will be asked for. */
  const drop = (track: Track): void => {
    track._behind ||= !!track._held[0];
    track._held.length = 0;
  };

  /** Tells what is next of what is held; asks for what is missing then, after `wait` milliseconds. */
  const drain = (track: Track, wait: number): void => {
    if (!track._position) return;
    track._held.sort((a, b) => a.offset! - b.offset!);
    for (let message; (message = track._held[0]); ) {
      const step = message.epoch === track._position.epoch ? message.offset! - track._position.offset : 0;
      if (step > 1) break;
      track._held.shift();
      if (step === 1) pass(track, message);
      // A message of another history: the server knows which one counts.
      track._behind ||= message.epoch !== track._position.epoch;
    }
    if (track._behind || track._held[0]) track._asking ??= host.setTimeout(() => ask(track), wait);
  };

  const ask = (track: Track): void => {
    const { _channel } = track;
    track._asking = undefined;
    // What was missing may have come; and on another connection everything is asked for anyway.
    if (!core._ready || tracks.get(_channel) !== track || !(track._behind || track._held[0])) return;
    track._asking = true;
    track._behind = false;
    const settle: Settle = (error, data) => {
      track._asking = undefined;
      if (!error) take(data as unknown as Replay, false, PENDING * (1 + host.Math.random()));
      else if (error.temporary) {
        track._behind = true;
        drain(track, retryCap * host.Math.random());
      } else if (core._ready) {
        // Nobody will give what is missing: what there is goes on behind it.
        const [first] = track._held;
        if (first) track._position = { epoch: first.epoch!, offset: first.offset! - 1 };
        take({ channel: _channel, recovered: false, code: error.code });
      }
    };
    core._ask("history", settle, { channel: _channel, since: track._position } as { channel: string });
  };

  const take = ({ channel, position, messages = [], recovered, code, more }: Told, told?: boolean, wait = LATE): void => {
    const track = begin(channel);
    for (const message of messages)
      if (!(track._position && message.offset <= track._position.offset)) pass(track, { ...message, channel, epoch: position!.epoch });
    // What came meanwhile may have led beyond what the answer knew.
    if (position && (track._position?.epoch !== position.epoch || position.offset > track._position.offset)) track._position = position;
    track._behind ||= more;
    if (recovered === false && !told) core._emit("subscribed", { channel, recovered, code });
    drain(track, more ? 0 : wait);
  };

  remind(
    core,
    "positions",
    (channel) => core._position(channel),
    (channels) => Object.fromEntries(channels.map((channel) => [channel, core._position(channel)])),
    () => core.checkInterval ?? checkEvery,
  );

  core._add = (request) => {
    if (request._action === "subscribe") {
      const { _channel: channel, _position: since } = begin(request._channel!);
      if (since) request._json = JSON.stringify({ channel, since });
    }
    _add(request);
  };

  core._told = (told, on) => {
    _told(told, on);
    if (on === "/meta/subscribe" && told.position) {
      checkEvery = Math.min(checkEvery, told.checkEvery!);
      take(told as Told, true);
    }
    for (const channel of told.behind ?? []) {
      const track = tracks.get(channel);
      if (track) take({ channel, more: true });
    }
  };

  core._message = (message) => {
    const track = tracks.get(message.channel);
    if (!message.epoch || !track) return _message(message);
    if (track._held.push(message) > HELD) drop(track);
    drain(track, LATE);
  };

  core._on("unsubscribed", ({ channel, error }) => {
    drop(begin(channel));
    // Who was denied may be permitted later, and go on where it was.
    if (!error) tracks.delete(channel);
  });

  for (const channel in core.since) begin(channel, core.since[channel]);

  core._begin = begin;
  core._position = (channel) => tracks.get(channel)?._position;
};
