import { WIRE } from "../adapter.js";
import { hasHistory, hasLatest, isLatestOnly, isWildcard, MAX_NAME_LENGTH } from "../channels.js";
import { isDone, type FrameOutcome } from "./frame-outcome.js";
import type { ServerCore } from "./server-core.js";
import type { ClientFrame, Peer, Target } from "./types.js";
import { toHistoryMessage, truncateName } from "./wire-format.js";

/** The outcome for one channel of a frame. */
interface Outcome extends Target {
  code?: string;
  /** Whether the server has executed it, whatever it answers. */
  done: boolean;
  /** Whether another operation on the channel ran at the same time. */
  overlapped: boolean;
  data: Record<string, unknown>;
}

/** Executes `subscribe` and `unsubscribe` frames: each channel separately, all in one answer. */
export class SubscribeHandler {
  constructor(readonly server: ServerCore) {}

  /** Handles a frame. Each channel is executed before the answer. */
  run(peer: Peer, frame: ClientFrame, fate: FrameOutcome): void {
    const { clock, chance, policy } = this.server;
    const targets = targetsOf(frame);
    const tooMany = targets.length > policy.channelsPerFrame;
    const outcomes = targets.map((target, index): Outcome => {
      const code = tooMany ? "too_many" : (this.#verdict(frame.action, target) ?? this.#failure(fate, index));
      const under = peer.operations.get(target.channel) ?? 0;
      peer.operations.set(target.channel, under + 1);
      if (code && frame.action === "unsubscribe" && policy.deniedUnsubscriptions.get(target.channel) === code)
        this.server.undeniedLeaves.add(target.channel);
      const outcome: Outcome = { ...target, ...(code && { code }), done: false, overlapped: under > 0, data: {} };
      const does = isDone(chance, fate, code);
      if (does) clock.later(fate.work * chance.next(), () => this.#do(peer, frame.action, outcome));
      return outcome;
    });
    clock.later(fate.work + 1, () => this.#finish(peer, frame, fate, outcomes));
  }

  #verdict(action: string, { channel, last }: Target): string | undefined {
    const { policy } = this.server;
    if (channel.length > MAX_NAME_LENGTH || !/^[\w.:@=+,~!/*-]+$/.test(channel)) return "bad_channel";
    if (channel.startsWith("/meta")) return "reserved_channel";
    if (last !== undefined && !policy.isOld && !hasHistory(channel))
      return isWildcard(channel) ? "wildcard" : "no_history";
    return (action === "subscribe" ? policy.deniedSubscriptions : policy.deniedUnsubscriptions).get(channel);
  }

  /** A temporary code affects the first channel of the frame, and randomly others. */
  #failure(fate: FrameOutcome, index: number): string | undefined {
    return fate.code && (index === 0 || this.server.chance.happens(0.5)) ? fate.code : undefined;
  }

  #do(peer: Peer, action: string, outcome: Outcome): void {
    const { server } = this;
    const { channel, since } = outcome;
    const last = server.policy.isOld ? undefined : outcome.last;
    if (!peer.agent) return;
    outcome.done = true;
    if (action === "unsubscribe") return server.unsubscribe(peer, channel);
    server.subscribe(peer, outcome);
    if (server.members.isPresent(channel, peer.agent.id))
      outcome.data[WIRE.presenceCheck] = server.deployment.presenceCheck[server.policy.isOld ? "old" : "new"];
    if (!hasHistory(channel)) {
      const latest = isLatestOnly(channel) && server.publishing.latest(channel);
      if (latest && !latest.withheld) outcome.data["latest"] = toHistoryMessage(latest);
      return;
    }
    // The history is read after the subscription is stored.
    outcome.data[WIRE.historyCheck] = server.deployment.historyCheck;
    const replay = since && server.replay(channel, since, server.deployment.page);
    if (replay && !(last && replay["code"])) Object.assign(outcome.data, replay);
    else if (last)
      Object.assign(outcome.data, this.#newest(channel, last), replay && { recovered: false, code: replay["code"] });
    else Object.assign(outcome.data, this.#fresh(channel));
  }

  /** The newest messages, oldest first, and the position after them. */
  #newest(channel: string, last: number): object {
    const { server } = this;
    const { epoch, offset, messages, pending } = server.log(channel).read(0, server.clock.now, Infinity);
    const newest = messages.slice(-Math.min(last, server.deployment.page)).filter(({ withheld }) => !withheld);
    return {
      position: { epoch, offset },
      ...(newest.length > 0 && { messages: newest.map(toHistoryMessage) }),
      ...(newest.length < messages.length && { older: true }),
      ...(pending !== undefined && { [WIRE.pending]: pending }),
    };
  }

  /** The start of a subscriber without a position. */
  #fresh(channel: string): object {
    const { server } = this;
    const log = server.log(channel);
    const position = { epoch: log.epoch, offset: log.head(server.clock.now) };
    const newest = hasLatest(channel) ? log.newest() : undefined;
    if (!newest || newest.withheld) return { position };
    return { position: { ...position, offset: newest.offset! }, messages: [toHistoryMessage(newest)] };
  }

  #finish(peer: Peer, { action, uuid }: ClientFrame, fate: FrameOutcome, outcomes: Outcome[]): void {
    const { server } = this;
    const answers = outcomes.map((outcome) => {
      const { channel, done, overlapped, data } = outcome;
      let { code } = outcome;
      const under = peer.operations.get(channel)! - 1;
      peer.operations.set(channel, under);
      // Overlapping operations may have undone half of each other.
      if ((overlapped || under > 0) && server.chance.happens(0.5)) peer.agent?.subscriptions.delete(channel);
      else if (action === "subscribe" && done && !code && !peer.agent?.subscriptions.has(channel)) code = "unavailable";
      return code
        ? {
            channel: `/meta/${action}`,
            uuid,
            successful: false,
            code,
            error: `No: ${code}.`,
            data: { channel: truncateName(channel) },
          }
        : { channel: `/meta/${action}`, uuid, successful: true, data: { channel: truncateName(channel), ...data } };
    });
    server.answer(peer, answers, fate);
  }
}

/** The channels of a frame. */
export const targetsOf = ({ data }: ClientFrame): Target[] =>
  (data?.channels ?? [data as unknown as Target]).map((target) =>
    typeof target === "string" ? { channel: target } : target,
  );
