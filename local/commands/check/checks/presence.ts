import { type Member, Meta, type PresenceEventData, type PresencePage } from "../../../../protocol/index.js";
import { check, failed, passed } from "../check.js";
import { accepted } from "../trial.js";
import type { Wire } from "../wire.js";

/** The members of a channel. */
export const membersOf = async (wire: Wire, channel: string): Promise<PresencePage> => {
  const reply = await wire.request({ action: "presence", channel: Meta.presence, data: { channel } });
  return accepted(reply, `asking who is present on ${channel}`).data as unknown as PresencePage;
};

/** The ids of the agents of members: a user is one member with all its connections. */
export const agentsOf = (members: readonly Member[]): string[] =>
  members.flatMap(({ agent, connections = [agent] }) => connections);

/** Whether a connection was notified of a join or leave. */
export const wasNotified = (wire: Wire, channel: string, what: "joined" | "left", agent: string): boolean =>
  wire.received.some((each) => {
    const data = each.channel === Meta.presence ? (each.data as Partial<PresenceEventData> | undefined) : undefined;
    return data?.channel === channel && data[what]?.agent === agent;
  });

/** A channel reports its members, and their joins. */
export const presence = check({
  name: "presence",
  promise: "a channel tells who is present, and its subscribers who comes",
  async observe(trial) {
    const [first, second] = await Promise.all([trial.open(), trial.open()]);
    const channel = await trial.channel("presence");
    await trial.subscribe(first, channel);
    const [one, two] = [await trial.info(first), await trial.info(second)];
    await trial.subscribe(second, channel);
    const page = await membersOf(first, channel);
    // The second connection of a user does not join.
    const isOneUser = one.userId !== undefined && one.userId === two.userId;
    const told =
      isOneUser ||
      (await first
        .until(() => wasNotified(first, channel, "joined", two.agent), "the news of who came")
        .then(
          () => true,
          () => false,
        ));
    return {
      agents: [one.agent, two.agent],
      expected: isOneUser ? 1 : 2,
      members: page.members.length,
      connections: agentsOf(page.members),
      count: page.count,
      told,
    };
  },
  judge({ agents, expected, members, connections, count, told }) {
    const absent = agents.filter((agent) => !connections.includes(agent)).length;
    if (absent > 0) return failed(`presence leaves out ${absent} of ${agents.length} who are there`);
    if (members !== expected || count !== expected)
      return failed(`presence tells ${members} members and the count ${count} instead of ${expected}`);
    return told
      ? passed(expected === 1 ? "one user with both connections" : "both members, and a message about the second")
      : failed("a subscriber was not told that somebody came");
  },
});
