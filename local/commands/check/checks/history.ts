import { type HistoryMessage, Meta, type Replay } from "../../../../protocol/index.js";
import { check, failed, passed, sameList } from "../check.js";
import { accepted } from "../trial.js";
import type { Wire } from "../wire.js";

const COUNT = 5;

/** A page of a history, by the uuids of its messages. */
export const readHistory = async (
  wire: Wire,
  channel: string,
  query: object = {},
): Promise<{ uuids: string[]; replay: Replay }> => {
  const reply = await wire.request({ action: "history", channel: Meta.history, data: { channel, ...query } });
  const replay = accepted(reply, `reading the history of ${channel}`).data as unknown as Replay;
  return { uuids: (replay.messages ?? []).map(({ uuid }: HistoryMessage) => uuid), replay };
};

/** The history has all published messages, in order, from any position. */
export const history = check({
  name: "history",
  promise: "a channel's history holds what was published, in order, from any position, and newest first on request",
  async observe(trial) {
    const wire = await trial.open();
    const channel = await trial.channel("history");
    const sent = [];
    for (let n = 1; n <= COUNT; n += 1) sent.push(await trial.publish(wire, channel, n));
    const [all, behind, reverse] = [
      await readHistory(wire, channel),
      await readHistory(wire, channel, { since: sent[1]?.position }),
      await readHistory(wire, channel, { reverse: true }),
    ];
    return {
      sent: sent.map(({ uuid }) => uuid),
      offsets: sent.map(({ position }) => position?.offset ?? 0),
      all: all.uuids,
      behind: behind.uuids,
      recovered: behind.replay.recovered,
      reverse: reverse.uuids,
    };
  },
  judge({ sent, offsets, all, behind, recovered, reverse }) {
    if (offsets.some((each, at) => at > 0 && each <= (offsets[at - 1] ?? 0)))
      return failed(`publications were given the offsets ${offsets.join(", ")}`);
    if (!sameList(all, sent))
      return failed(`the history holds ${all.length} of ${sent.length} messages, or in another order`);
    if (!sameList(behind, sent.slice(2)))
      return failed(`behind message 2 the history gives ${behind.length} messages instead of ${sent.length - 2}`);
    if (recovered !== true) return failed("behind message 2 the history does not say that everything is there");
    if (!sameList(reverse, sent.toReversed())) return failed("newest first, the history gives other messages");
    return passed(`${sent.length} messages, from the first, from the third, and newest first`);
  },
});
