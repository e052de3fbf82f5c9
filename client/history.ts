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
  _held: (Message & Position)[];
  /** Everything up to here was told. Left out: not known yet, or the channel has no history. */
  _position?: Position;
  /** Something is known to follow that is not here. */
  _behind?: unknown;
  /** The wait before the next question, or the question under way. */
  _asking?: unknown;
}

/** What the server says of a channel: all of it, or that it says nothing, and why. */
interface Told extends Pick<Replay, "channel" | "messages" | "more" | "pendingMs" | "recovered"> {
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
  const { host, retryCap = RETRY_CAP, _message, _start, _told, _want } = core;
  const tracks = new Map<string, Track>();
  let historyCheckIntervalMs = Infinity;

  const begin = (channel: string, since?: Position): Track => {
    const track = tracks.get(channel) ?? { _channel: channel, _held: [] };
    tracks.set(track._channel, track);
    if (since) track._position ??= { epoch: since.epoch, offset: since.offset };
    return track;
  };

  /** Whether what is there was told, or passed over. */
  const knows = ({ _position }: Track, { epoch, offset }: Position): unknown => _position?.epoch === epoch && offset <= _position.offset;

  /** Tells a message, unless that was done. */
  const pass = (track: Track, message: Message & Position): void => {
    if (knows(track, message)) return;
    track._position = { epoch: message.epoch, offset: message.offset };
    _message(message);
  };

  /** Tells what is next of what is held; asks for what is missing then, after `wait` milliseconds. */
  const drain = (track: Track, wait: number): void => {
    if (!track._position) return;
    track._held.sort((a, b) => a.offset - b.offset);
    for (let message; (message = track._held[0]); ) {
      const { epoch, offset } = track._position;
      if (message.epoch === epoch && message.offset > offset + 1) break;
      track._held.shift();
      if (message.epoch === epoch) pass(track, message);
      // A message of another history: the server knows which one counts.
      else track._behind = true;
    }
    if (track._behind || track._held[0]) track._asking ??= host.setTimeout(() => ask(track), wait);
  };

  const ask = (track: Track): void => {
    const channel = track._channel;
    const current = (): unknown => core._ready && tracks.get(channel) === track;
    track._asking = undefined;
    // What was missing may have come; and on another connection everything is asked for anyway.
    if (!current() || !(track._behind || track._held[0])) return;
    track._asking = true;
    track._behind = false;
    const settle: Settle = (error, data) => {
      track._asking = undefined;
      if (!current()) return;
      if (!error) take(data as unknown as Replay);
      else if (error.temporary) {
        track._behind = true;
        drain(track, retryCap * host.Math.random());
      } else {
        // Nobody will give what is missing: what there is goes on behind it.
        const [first] = track._held;
        if (first) track._position = { epoch: first.epoch, offset: first.offset - 1 };
        take({ recovered: false, ...error } as Told);
      }
    };
    core._ask("history", settle, { channel, since: track._position } as { channel: string });
  };

  const take = ({ channel, position, messages = [], recovered, code, more, pendingMs = 0 }: Told, told?: boolean): void => {
    const track = begin(channel);
    // What came meanwhile may have led beyond what the answer knew.
    if (position && !knows(track, position))
      if (recovered === undefined && track._position)
        // It does not begin where the client is: that was not known when it was asked, or it is another channel's guard's.
        track._behind = true;
      else {
        for (const message of messages) pass(track, { ...position, channel, ...message });
        track._position = position;
      }
    track._behind ||= more || pendingMs;
    if (code && !told) core._emit("subscribed", { channel, recovered, code });
    drain(track, more ? 0 : pendingMs + PENDING * (1 + host.Math.random()));
  };

  remind(
    core,
    "positions",
    (channel) => core._position(channel),
    (channels) => Object.fromEntries(channels.map((channel) => [channel, core._position(channel)])),
    () => core.checkInterval ?? historyCheckIntervalMs,
  );

  core._start = (request) => {
    // Now, not when it was asked: where the client is may have changed in the queue.
    if (request._action === "subscribe") {
      const { _channel: channel, _position: since } = begin(request._channel!);
      request._json = JSON.stringify(since ? { channel, since } : channel);
    }
    // Publishing again has to know how old it is.
    if (request._frame) request._sent ??= host.Date.now();
    _start(request);
  };

  core._want = (channel, on, ...waiters) => {
    // Whoever comes again begins anew, and what comes until then is held for that.
    if (!on) tracks.delete(channel);
    _want(channel, on, ...waiters);
  };

  core._told = (told, on) => {
    if (on === "/meta/subscribe" && told.position) {
      historyCheckIntervalMs = Math.min(historyCheckIntervalMs, told.historyCheckIntervalMs!);
      take(told as Told, true);
    }
    _told(told, on);
    for (const channel of told.laggingChannels ?? []) if (tracks.has(channel)) take({ channel, more: true });
  };

  core._message = (message) => {
    const track = tracks.get(message.channel);
    if (!message.epoch || !track) return _message(message);
    // What is forgotten is asked for.
    if (track._held.push(message as Message & Position) > HELD) {
      track._behind = true;
      track._held = [];
    }
    drain(track, LATE);
  };

  for (const channel in core.since) begin(channel, core.since[channel]);

  core._begin = begin;
  core._position = (channel) => tracks.get(channel)?._position;
};
