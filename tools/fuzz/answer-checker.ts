import { type JsonObject, asJsonObject } from "../lib/json.js";
import type { Reply, Json, Message, Position, WithheldMessage } from "../../protocol/index.js";
import type { PresenceChecker } from "./presence-checker.js";
import type { PresenceModel } from "./presence-model.js";
import type { ContentCheck } from "./prediction.js";
import { dataFor, type Changes, type DeliveryModel, type Member } from "./delivery-model.js";
import { hasHistory, hasPresence, HISTORY_LIMITS, isTransformed } from "./policy.js";
import { checkReplay } from "./replay-checker.js";
import type { HistoryModel } from "./history-model.js";

/** An agent, and the changes to its subscriptions by the frames in flight. */
export interface Requester {
  member: Member;
  changes: Changes;
}

const keysOf = (value: unknown): string[] => Object.keys(asJsonObject(value)).sort();
const isSameList = (one: readonly string[], other: readonly string[]): boolean => one.join() === other.join();

/** How far the time of a message may be from now, in milliseconds. A run is shorter. */
const MAX_AGE_MS = 24 * 60 * 60 * 1_000;

const isRecent = (at: unknown): boolean => typeof at === "number" && Math.abs(Date.now() - at) < MAX_AGE_MS;

const timeOf = (at: number | undefined): { at?: number } => (at === undefined ? {} : { at });

const REPLAY_KEYS = new Set(["channel", "position", "messages", "more", "pendingMs", "recovered", "code"]);
const LAST_KEYS = new Set([...REPLAY_KEYS, "older"]);

/** How long before its end an agent gets answers to heartbeats, in milliseconds. */
const RENEWAL_NEWS_MS = 60_000;

/** Checks and records the history and presence in answers. */
export class AnswerChecker {
  /** The offsets that a member has received since it knows a position. */
  readonly #received = new Map<string, Set<number>>();
  /** Positions after which all messages must arrive. */
  #promises: { requester: Requester; channel: string; after: number }[] = [];

  constructor(
    private readonly deliveries: DeliveryModel,
    private readonly histories: HistoryModel,
    private readonly presence: PresenceModel,
    private readonly presenceChecker: PresenceChecker,
  ) {}

  /** Whether a heartbeat has to be answered, because there is news. Otherwise it may be. */
  hasNews(requester: Requester, content: Extract<ContentCheck, { kind: "pong" }>): boolean {
    return this.#checkPong(requester, { ...content, isHeartbeat: false }, {}) !== undefined;
  }

  /** The error in an answer; `undefined`: none. */
  checkAnswer(requester: Requester, content: ContentCheck, answer: Reply): string | undefined {
    const data = asJsonObject(answer.data);
    switch (content.kind) {
      case "stored":
        return this.histories.checkMessage(content.channel, answer.position as Position, content);
      case "presence":
        return this.presenceChecker.checkPage(requester.member, content, data);
      case "state":
        return keysOf(data).join() === "channel" ? undefined : "too much";
      case "pong":
        return this.#checkPong(requester, content, data);
      case "history":
        if (data["channel"] !== content.channel) return "another channel";
        return Object.keys(data).some((key) => !REPLAY_KEYS.has(key))
          ? "too much"
          : this.#checkReplay(requester, content, data);
      case "subscribed":
        return this.#checkSubscribed(requester, content, data);
    }
  }

  /** Records the content of an answer. */
  recordAnswer(requester: Requester, content: ContentCheck, answer: Reply): void {
    const { deliveries, histories } = this;
    if (content.kind === "stored") histories.record(content.channel, answer.position!, deliveries.now, content);
    if (content.kind !== "subscribed" && content.kind !== "history") return;
    const {
      position,
      messages = [],
      more,
      pendingMs,
    } = asJsonObject(answer.data) as JsonObject & { position?: Position; messages?: (Message & { offset: number })[] };
    if (!position) return;
    const { channel } = content;
    histories.record(channel, position, deliveries.now);
    for (const { uuid, data, offset, at } of messages) {
      const published = { uuid, data: asPublished(channel, data), ...timeOf(at) };
      histories.record(channel, { ...position, offset }, deliveries.now, published);
      this.#receivedOn(requester.member, channel).add(offset);
    }
    if (content.kind === "subscribed" && !more && pendingMs === undefined)
      this.#promises.push({ requester, channel, after: position.offset });
  }

  /** The error in a message that the delivery model does not see; `undefined`: none. */
  checkMessage(member: Member, { channel, uuid, data, offset, epoch, at }: Message): string | undefined {
    if (!isRecent(at)) return "a message whose time of acceptance is not that of this run";
    // An ephemeral message has no position. The delivery model has checked that it is one.
    if (!hasHistory(channel) || (offset === undefined && epoch === undefined))
      return offset === undefined && epoch === undefined
        ? undefined
        : "a message with a position on a channel without history";
    const position = { epoch: epoch as string, offset: offset as number };
    const published = { uuid, data: asPublished(channel, data), ...timeOf(at) };
    const checkAnswer = this.histories.checkMessage(channel, position, published);
    if (checkAnswer !== undefined) return checkAnswer;
    this.histories.record(channel, position, this.deliveries.now, published);
    this.#receivedOn(member, channel).add(position.offset);
    return undefined;
  }

  /** The error in the notice of a withheld message; `undefined`: none. */
  checkSkip(member: Member, { channel, epoch, offset }: WithheldMessage): string | undefined {
    const checkAnswer = hasHistory(channel)
      ? this.histories.checkPosition(channel, { epoch, offset })
      : "a position on a channel without history";
    if (checkAnswer !== undefined) return checkAnswer;
    this.histories.record(channel, { epoch, offset }, this.deliveries.now);
    this.#receivedOn(member, channel).add(offset);
    return this.deliveries.receiveSkip(member, channel);
  }

  /** The promised messages that have not arrived at connected and subscribed members. */
  missing(isThere: (member: Member) => boolean): string[] {
    return this.#promises.flatMap(({ requester: { member, changes }, channel, after }) => {
      if (!isThere(member) || changes.unsubscribe.has(channel)) return [];
      const had = this.#receivedOn(member, channel);
      const missing = [...this.histories.of(channel).offsets.keys()].filter(
        (offset) => offset > after && !had.has(offset),
      );
      return missing.map(
        (offset) => `agent "${member.name}" was at ${after} of ${channel}, and did not receive ${offset}`,
      );
    });
  }

  /** No frame is in flight: from now on the delivery model tracks missing messages. */
  settle(): void {
    this.#promises = [];
  }

  #receivedOn({ key }: Member, channel: string): Set<number> {
    const name = `${key} ${channel}`;
    const had = this.#received.get(name) ?? new Set();
    this.#received.set(name, had);
    return had;
  }

  #checkReplay(
    { member }: Requester,
    content: { channel: string; since?: Position; limit: number; reverse: boolean },
    data: JsonObject,
  ): string | undefined {
    const { channel } = content;
    const checkAnswer = this.histories.checkPosition(channel, data["position"]);
    if (checkAnswer !== undefined) return checkAnswer;
    const reader = {
      get: (_uuid: string, published: Json) => dataFor({ channel, data: published }, member),
      may: (checkMessage: { uuid: string; data: Json; offset: number }): boolean =>
        this.deliveries.wasPublished(member, { channel, ...checkMessage }) &&
        this.histories.checkMessage(
          channel,
          { ...(data["position"] as Position), offset: checkMessage.offset },
          { uuid: checkMessage.uuid, data: asPublished(channel, checkMessage.data) },
        ) === undefined,
    };
    return checkReplay(
      this.histories.of(channel),
      content,
      data as JsonObject & { position: Position },
      reader,
      this.deliveries.now,
    );
  }

  #checkSubscribed(
    requester: Requester,
    { channel, since, last, present }: Extract<ContentCheck, { kind: "subscribed" }>,
    data: JsonObject,
  ): string | undefined {
    const { presenceIntervalMs, historyCheckIntervalMs, ...others } = data;
    const isMember = hasPresence(channel) && (present ?? this.presence.isMember(requester.member, channel));
    if (isMember !== undefined && (typeof presenceIntervalMs === "number") !== isMember)
      return "presenceIntervalMs without presence, or none with it";
    if ((typeof historyCheckIntervalMs === "number") !== hasHistory(channel))
      return "historyCheckIntervalMs without history, or none with it";
    if (!hasHistory(channel)) return isSameList(keysOf(others), ["channel"]) ? undefined : "too much";
    if (last !== undefined && others["recovered"] !== true)
      return this.#checkLast(requester, { channel, since, last }, others);
    if (since.length === 0) {
      if (!isSameList(keysOf(others), ["channel", "position"])) return "too much, or no position";
      const known = [...this.histories.of(channel).offsets]
        .filter(([, { tick }]) => tick < this.deliveries.now)
        .map(([offset]) => offset);
      const checkAnswer = this.histories.checkPosition(channel, others["position"]);
      return (
        checkAnswer ??
        ((others["position"] as Position).offset < Math.max(0, ...known)
          ? "a position that is not the newest"
          : undefined)
      );
    }
    if (Object.keys(others).some((key) => !REPLAY_KEYS.has(key))) return "too much";
    // If a channel is named twice, either position may count.
    const faults = since.map((each) =>
      this.#checkReplay(requester, { channel, since: each, limit: 100, reverse: false }, others),
    );
    return faults.includes(undefined) ? undefined : faults[0];
  }

  /** Checks the newest messages of a channel, and the code if a position is lost. */
  #checkLast(
    requester: Requester,
    { channel, since, last }: { channel: string; since: Position[]; last: number },
    { messages, older, ...others }: JsonObject,
  ): string | undefined {
    if (Object.keys(others).some((key) => !LAST_KEYS.has(key))) return "too much";
    if (older !== undefined && older !== true) return "a wrong value of older";
    const { recovered, code, ...page } = others;
    if ((recovered === false) !== since.length > 0 || (code !== undefined) !== since.length > 0)
      return "a wrong value of recovered";
    // A lost position has the newest position next to its code, or one before messages that are to be requested.
    const outcome = { ...others, more: undefined, pendingMs: undefined };
    const isIncomplete = page["more"] === true || page["pendingMs"] !== undefined;
    const faults = since.map((each) =>
      this.#checkReplay(requester, { channel, since: each, limit: 100, reverse: false }, outcome),
    );
    if (since.length > 0 && !isIncomplete && !faults.includes(undefined)) return faults[0];
    // Like a page from the position before its first message.
    const listed = (messages ?? []) as { offset: number }[];
    const first = listed[0] ? listed[0].offset - 1 : (page["position"] as Position).offset;
    const from = { epoch: (page["position"] as Position).epoch, offset: first };
    const { epoch, maxOffset } = this.histories.of(channel);
    // The history, or messages that are published meanwhile, may not be known yet.
    if (from.epoch !== epoch || first > maxOffset || maxOffset - first > HISTORY_LIMITS.size) return undefined;
    const query = { channel, since: from, limit: last, reverse: false };
    return this.#checkReplay(requester, query, {
      ...page,
      ...(messages !== undefined && { messages }),
      recovered: true,
    });
  }

  #checkPong(
    { member, changes }: Requester,
    { positions, present, isHeartbeat }: Extract<ContentCheck, { kind: "pong" }>,
    data: JsonObject,
  ): string | undefined {
    const { laggingChannels: behind = [], absentChannels: absent = [] } = data as {
      laggingChannels?: string[];
      absentChannels?: string[];
    };
    const { sure, unsure } = this.deliveries.subscriptionsOf(member);
    const stays = (channel: string): boolean => sure.has(channel) && !changes.unsubscribe.has(channel);
    const may = (channel: string): boolean =>
      sure.has(channel) || unsure.has(channel) || changes.subscribe.has(channel);
    const asked = new Map(positions.filter(([channel]) => hasHistory(channel)));
    if (behind.some((channel) => !asked.has(channel) || !may(channel)))
      return "a lagging channel that it did not ask about";
    const gone = [...asked].find(([channel, { epoch, offset }]) => {
      const { epoch: its, offsets, maxOffset } = this.histories.of(channel);
      const least = Math.max(
        0,
        ...[...offsets].filter(([, { tick }]) => tick < this.deliveries.now).map(([each]) => each),
      );
      const isListed = behind.includes(channel);
      return isListed ? epoch === its && offset >= maxOffset : stays(channel) && (epoch !== its || offset < least);
    });
    if (gone) return `that it is ${behind.includes(gone[0]) ? "" : "not "}lagging on ${gone[0]}`;
    const isDue = Number(data["expiresInMs"] ?? Infinity) < RENEWAL_NEWS_MS;
    if (isHeartbeat && behind.length + absent.length === 0 && !isDue) return "an answer to a heartbeat without news";
    return this.presenceChecker.checkAbsent(member, present, absent);
  }
}

/** The published data, before a delivery guard transformed it. */
const asPublished = (channel: string, data: Json): Json => {
  const received = asJsonObject(data)["received"];
  return isTransformed(channel) && received !== undefined ? (received as Json) : data;
};
