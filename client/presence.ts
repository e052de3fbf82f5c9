import type { ServerFacts, SubscribedTo } from "../protocol/frames.js";
import type { Attended } from "../protocol/presence.js";
import type { Parts } from "./parts.js";
import { createRota } from "./rota.js";

/** Of how many members it is remembered when they came or went. */
const MEMORY = 1_000;

/** Keeps this agent present on channels that tell who is there, and tells who comes and goes. */
export const attend = ({ _connection, _events, _subscriptions, _traffic }: Parts): void => {
  const { _interval, _message } = _connection;
  const { _answer, _ask } = _traffic;
  const { _live, _want } = _subscriptions;
  const rota = createRota();
  const attended = new Set<string>();
  /** When somebody last came or went, by channel and agent. */
  const latest = new Map<string, number>();
  let presentEvery = Infinity;

  const present = (): string[] => [...attended].filter((channel) => _live.has(channel));

  _connection._interval = () => Math.min(_interval(), present()[0] ? presentEvery : Infinity);

  _traffic._ask = (action, milliseconds, settle, data) =>
    _ask(action, milliseconds, settle, action === "ping" && present()[0] ? { ...data, present: rota(present()) } : data);

  _traffic._answer = (answer) => {
    _answer(answer);
    // What a publication guard gives is no word of the server's.
    const told = (/e$|g$/.test(answer.channel!) || undefined) && (answer.data as Partial<SubscribedTo & ServerFacts> | undefined);
    if (told?.presentEvery) {
      attended.add(told.channel!);
      presentEvery = Math.min(presentEvery, told.presentEvery);
    }
    for (const channel of told?.absent ?? []) {
      _live.delete(channel);
      _want(channel, true);
    }
  };

  _connection._message = (message) => {
    if (message.channel !== "/meta/presence") return _message(message);
    const { channel, joined, left, at } = message.data as unknown as Attended;
    const member = (joined ?? left)!;
    const key = channel + " " + member.agent;
    if (at <= latest.get(key)!) return;
    // The one that is heard of last is forgotten last.
    latest.delete(key);
    const [[oldest]] = latest.set(key, at) as Iterable<[string, number]> as [[string, number]];
    if (latest.size > MEMORY) latest.delete(oldest);
    _events._emit(joined ? "join" : "leave", { ...member, channel });
  };
};
