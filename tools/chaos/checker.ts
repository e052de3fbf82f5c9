import type { Application, Journal, Publication, Stored } from "./journal.js";
import { type DueMessage, type LossContext, lossesOf, missingOf } from "./losses.js";
import { isSameData, ChannelOrder } from "./channel-order.js";
import {
  coverOf,
  hadWildcard,
  overlaps,
  readPage,
  readPageAsPlain,
  type ReadPage,
  type Received,
  spanAt,
} from "./read-page.js";
import { isPermitted, mayReceive, maySubscribe, targetChannels } from "./policy.js";
import { findMisplacements } from "./positions.js";
import type { Violation, ViolationKind } from "./violation.js";
import { leakedStates } from "./member-states.js";

/** The record of a run. It does not contain any bookkeeping of the SDK. */
export interface RunRecord {
  journal: Pick<Journal, "publications" | "applications" | "postsTo" | "isWaiting" | "denialsOf">;
  /** The stored messages; absent: the table has not been read yet. */
  stored?: readonly Stored[];
  /** Descriptions of rows of ended connections. */
  staleRows?: readonly string[];
  /** How much of a channel's publications the history keeps. */
  retention(channel: string): "all" | "some" | "nothing";
  /** Whether the channel lingers. */
  lingers(channel: string): boolean;
}

/** Data that all checks need. */
interface Context extends RunRecord, Omit<LossContext, "missing" | "journal"> {
  order: ChannelOrder;
  /** Acknowledged messages by channel. */
  acknowledged: ReadonlyMap<string, readonly DueMessage[]>;
  /** Acknowledged ephemeral messages by channel. They have the promises of a plain channel. */
  ephemeral: ReadonlyMap<string, readonly DueMessage[]>;
}

/**
 * Checks the received messages against the answers to publishers, the subscriptions and the guards.
 * @returns the violations, in the order of their publications
 */
export const checkRun = (history: RunRecord): Violation[] => {
  const context = contextOf(history);
  const violations = [
    ...history.journal.applications.flatMap((each) => checkApplication(each, context)),
    ...storageViolations(context),
    ...leakedStates(history.journal.applications).map((each): Violation => ({ wrong: "leaked", ...each })),
    ...(history.staleRows ?? []).map((what): Violation => ({ wrong: "staleRows", what })),
  ];
  const begun = ({ uuid }: Violation): number => (uuid === undefined ? Infinity : context.begunAt(uuid));
  return violations.sort((a, b) => begun(a) - begun(b) || 0);
};

const contextOf = (history: RunRecord): Context => {
  const { publications } = history.journal;
  const order = new ChannelOrder(publications.values(), history.stored);
  const acknowledged = new Map<string, DueMessage[]>();
  const ephemeral = new Map<string, DueMessage[]>();
  for (const publication of publications.values()) {
    if (!publication.result?.acknowledged) continue;
    for (const channel of targetChannels(publication.channel)) {
      const due: DueMessage = { publication, channel, offset: order.of(channel, publication.uuid) };
      const kind = publication.data.ephemeral ? ephemeral : acknowledged;
      const others = kind.get(channel);
      if (others) others.push(due);
      else kind.set(channel, [due]);
    }
  }
  return {
    ...history,
    order,
    acknowledged,
    ephemeral,
    recovers: (name) => history.retention(name) !== "nothing",
    offsetOf: (channel, uuid) => order.of(channel, uuid),
    begunAt: (uuid) => publications.get(uuid)?.begun.at ?? Infinity,
  };
};

const checkApplication = ({ who, pages }: Application, context: Context): Violation[] => {
  const read = pages.map((page) => readPage(page, context.recovers));
  const judging = { ...context, missing: missingOf(read, context.acknowledged) };
  const plain = pages.map(readPageAsPlain);
  const judgingPlain = { ...context, missing: missingOf(plain, context.ephemeral), recovers: () => false };
  const losses = [
    ...read.flatMap((page) => lossesOf(page, judging)),
    ...plain.flatMap((page) => lossesOf(page, judgingPlain)),
  ];
  const lost = new Map<string, Violation>();
  for (const { publication, channel, offset, span } of losses) {
    const { uuid } = publication;
    const what = `${who.name} on ${channel} has not received ${uuid} (${offset ?? "plain"}), by ${span}`;
    lost.set(`${channel} ${uuid}`, { wrong: "lost", uuid, what, who: who.name, channel });
  }
  const earlier = new Map<string, Set<string>>();
  return [
    ...lost.values(),
    ...read.flatMap((page) => [
      ...wrongEvents(page),
      ...listenerDifferences(page),
      ...wrongNewest(page, context),
      ...falseGaps(page, context),
      ...leaks(page, context),
      ...duplicates(page, context, earlier),
      ...reorderings(page, context),
    ]),
  ];
};

const nameOf = ({ page }: ReadPage, channel: string): string => `${page.who.name} on ${channel}`;

const wrongEvents = ({ page: { who }, readings }: ReadPage): Violation[] =>
  [...readings.values()].flatMap(({ name, wrong }) =>
    wrong.map((what): Violation => ({ wrong: "lost", what: `${who.name} ${what}`, who: who.name, channel: name })),
  );

/** Compares the messages of a component's own listener with those of the client's listener. */
const listenerDifferences = ({ page, listened }: ReadPage): Violation[] =>
  listened.flatMap(({ name, holder, byComponent, byClient }): Violation[] => {
    if (byComponent === byClient) return [];
    const what = `component ${holder} of ${page.who.name} on ${name} received ${byComponent} messages, and its client ${byClient}`;
    return [{ wrong: byComponent < byClient ? "lost" : "duplicated", what, who: page.who.name, channel: name }];
  });

/**
 * Checks the components that requested the newest messages. They receive these and all later messages once, in the
 * channel's order.
 */
const wrongNewest = ({ page: { who }, listenedLast }: ReadPage, { order }: Context): Violation[] =>
  listenedLast.flatMap(({ name, holder, isSubscribed, byComponent, byClient }) => {
    const violation = (wrong: ViolationKind, uuid: string, what: string): Violation => ({
      wrong,
      uuid,
      what: `component ${holder} of ${who.name} on ${name}, which requested the newest messages, ${what}`,
      who: who.name,
      channel: name,
    });
    const received = new Set(byComponent);
    const placed = byComponent.filter((uuid) => order.of(name, uuid) !== undefined);
    const repeated = byComponent.filter((uuid, at) => byComponent.indexOf(uuid) !== at);
    const late = placed.filter((uuid, at) => at > 0 && order.of(name, placed[at - 1]!)! > order.of(name, uuid)!);
    // The client may receive older messages later than the component receives the newest ones.
    const first = order.of(name, placed[0] ?? "") ?? 0;
    const isLater = (uuid: string): boolean => {
      const offset = order.of(name, uuid);
      return offset === undefined ? order.isComplete : offset > first;
    };
    const missing = isSubscribed ? byClient.filter((uuid) => !received.has(uuid) && isLater(uuid)) : [];
    return [
      ...repeated.map((uuid) => violation("duplicated", uuid, `received ${uuid} again`)),
      ...late.map((uuid) => violation("reordered", uuid, `received ${uuid} after a later message`)),
      ...missing.map((uuid) => violation("lost", uuid, `has not received ${uuid}, which its client received`)),
    ];
  });

/** Finds `subscribed` events that report missed messages on a channel that keeps all messages. */
const falseGaps = ({ page: { who, entries } }: ReadPage, { retention }: Context): Violation[] =>
  entries.flatMap((event): Violation[] => {
    if (event.is !== "subscribed" || event.recovered !== false || retention(event.name) !== "all") return [];
    const what = `${who.name} on ${event.name} was notified of missed messages (${event.code ?? ""}), though all is kept`;
    return [{ wrong: "lost", what, who: who.name, channel: event.name }];
  });

const leaks = (read: ReadPage, context: Context): Violation[] =>
  [...read.messages].flatMap(([channel, messages]) =>
    messages.flatMap((message): Violation[] => {
      const why = leak(read, channel, message, context.journal.publications.get(message.uuid));
      if (why === undefined) return [];
      const what = `${nameOf(read, channel)} received ${message.uuid}: ${why}`;
      return [{ wrong: "leaked", uuid: message.uuid, what, who: read.page.who.name, channel }];
    }),
  );

const leak = (
  read: ReadPage,
  channel: string,
  { uuid, data, at }: Received,
  publication?: Publication,
): string | undefined => {
  const { who } = read.page;
  if (!publication || publication.begun.at > at) return `it was not published`;
  if (!targetChannels(publication.channel).includes(channel)) return `it was published on ${publication.channel}`;
  if (!isSameData(publication.data, data)) return `another message was published as ${uuid}`;
  if (!isPermitted(publication.data)) return `no guard permitted it (${publication.data.do})`;
  if (!maySubscribe(channel, who)) return "its subscription guard denies the channel";
  if (!mayReceive(channel, publication.data, who)) return "its delivery guard withholds it";
  const wishes = coverOf(read, channel).flatMap((each) => each.desiredSpans);
  return wishes.some((wish) => overlaps(wish, publication.begun.at, at))
    ? undefined
    : "the application was not subscribed after the publication";
};

/** @param earlier the messages of the application's earlier pages by channel; this page's messages are added */
const duplicates = (read: ReadPage, { order }: Context, earlier: Map<string, Set<string>>): Violation[] =>
  [...read.messages].flatMap(([channel, messages]) => {
    const before = earlier.get(channel) ?? new Set<string>();
    const seen = new Set<string>();
    const spans = read.readings.get(channel)?.spans ?? [];
    const found = messages.flatMap(({ uuid, at }): Violation[] => {
      const since = spanAt(spans, at)?.since;
      const again = before.has(uuid) && since && (order.of(channel, uuid) ?? Infinity) <= since.offset;
      if (!seen.has(uuid) && !again) {
        seen.add(uuid);
        return [];
      }
      const where = seen.has(uuid) ? "" : ", which an earlier page has received";
      return [
        {
          wrong: "duplicated",
          uuid,
          what: `${nameOf(read, channel)} received ${uuid} again${where}`,
          who: read.page.who.name,
          channel,
        },
      ];
    });
    earlier.set(channel, new Set([...before, ...seen]));
    return found;
  });

/**
 * Finds messages of channels with history that came out of order while the application subscribed to the channel
 * itself.
 */
const reorderings = (read: ReadPage, { recovers, order, begunAt, journal }: Context): Violation[] =>
  [...read.messages].flatMap(([channel, messages]) => {
    if (!recovers(channel)) return [];
    const spans = read.readings.get(channel)?.spans ?? [];
    const offsetOf = ({ uuid, offset }: Received): number => order.of(channel, uuid) ?? offset ?? NaN;
    const seen = new Set<string>();
    let newest: Received | undefined;
    // Ephemeral messages have no place in the order.
    const ordered = messages.filter(({ uuid }) => !journal.publications.get(uuid)?.data.ephemeral);
    return ordered.flatMap((message): Violation[] => {
      const span = spanAt(spans, message.at);
      const isAgain = seen.has(message.uuid);
      seen.add(message.uuid);
      if (!span || isAgain) return [];
      const before = newest && offsetOf(newest) > offsetOf(message) ? newest : undefined;
      if (!before) newest = message;
      // Messages that a wildcard delivered before the subscription's first position may come in any order.
      if (!before || (!span.since && begunAt(message.uuid) < span.from.at && hadWildcard(read, channel, message.at)))
        return [];
      const what = `${nameOf(read, channel)} received ${message.uuid} (${offsetOf(message)}) after ${before.uuid} (${offsetOf(before)})`;
      return [{ wrong: "reordered", uuid: message.uuid, what, who: read.page.who.name, channel }];
    });
  });

/** Checks the stored messages and the positions in acknowledgements, for channels with history. */
const storageViolations = ({
  journal,
  stored = [],
  stored: asked,
  order,
  retention,
  recovers,
}: Context): Violation[] => {
  const { publications } = journal;
  const durable = [...publications.values()].filter(({ data }) => !data.ephemeral);
  const violations: Violation[] = [
    ...order.contradictions.map(({ uuid, what }): Violation => ({ wrong: "reordered", uuid, what: `${uuid} ${what}` })),
    ...findMisplacements(durable, stored, recovers).map((each): Violation => ({
      wrong: "wrongPosition",
      ...each,
    })),
  ];
  for (const { uuid, data, acknowledgements } of publications.values())
    if (data.ephemeral && acknowledgements.some((each) => each))
      violations.push({
        wrong: "wrongPosition",
        uuid,
        what: `${uuid} is ephemeral, and its acknowledgement has a position`,
      });
  if (!asked) return violations;
  violations.push(
    ...order.storedTwice.map(({ uuid, offset }): Violation => ({
      wrong: "duplicated",
      uuid,
      what: `${uuid} is stored again, at ${offset}`,
    })),
  );
  for (const { uuid, channel } of stored) {
    const publication = publications.get(uuid);
    if (publication?.data.ephemeral)
      violations.push({ wrong: "wrongPosition", uuid, what: `${uuid} is ephemeral, and is stored on ${channel}` });
    if (publication && targetChannels(publication.channel).includes(channel) && isPermitted(publication.data)) continue;
    violations.push({
      wrong: "leaked",
      uuid,
      what: `${uuid} is stored on ${channel}, and no guard permitted it there`,
    });
  }
  const held = new Set(stored.map(({ channel, uuid }) => `${channel} ${uuid}`));
  for (const { uuid, channel, result } of durable) {
    if (!result?.acknowledged) continue;
    const missing = targetChannels(channel).filter((each) => retention(each) === "all" && !held.has(`${each} ${uuid}`));
    violations.push(
      ...missing.map((each): Violation => ({
        wrong: "lost",
        uuid,
        what: `${uuid} was acknowledged, and is not stored on ${each}`,
      })),
    );
  }
  return violations;
};
