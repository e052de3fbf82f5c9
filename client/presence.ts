import type { PresenceEventData } from "../protocol/presence.js";
import type { Core } from "./parts.js";
import { remind } from "./remind.js";

/** Of how many members it is remembered when they came or went. */
const MEMORY = 1_000;

/** Keeps this agent present on channels that tell who is there, and tells who comes and goes. */
export const attend = (core: Core): void => {
  const { _message, _opened, _told } = core;
  const attended = new Set<string>();
  /** When somebody last came or went, by channel and agent. */
  const latest = new Map<string, number>();
  let every = Infinity;

  remind(
    core,
    "presentChannels",
    (channel) => attended.has(channel),
    (channels) => channels,
    () => every,
  );

  core._told = (told, on) => {
    _told(told, on);
    if (told.presenceIntervalMs) {
      attended.add(told.channel!);
      every = Math.min(every, told.presenceIntervalMs);
    }
    // Only what is wanted is subscribed again: the application may have left since it was asked about.
    for (const channel of told.absentChannels ?? []) {
      core._live.delete(channel);
      _opened();
    }
  };

  core._message = (message) => {
    if (message.channel !== "/meta/presence") return _message(message);
    const { channel, joined, left, at } = message.data as unknown as PresenceEventData;
    const member = (joined ?? left)!;
    const key = channel + " " + member.agent;
    if (at <= latest.get(key)!) return;
    // The one that is heard of last is forgotten last.
    latest.delete(key);
    const [oldest] = latest.set(key, at);
    if (latest.size > MEMORY) latest.delete(oldest![0]);
    core._emit(joined ? "join" : "leave", { ...member, channel });
  };
};
