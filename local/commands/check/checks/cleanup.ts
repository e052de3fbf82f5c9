import { check, failed, passed } from "../check.js";
import { membersOf, wasNotified } from "./presence.js";

/** After a client closes its connection, it is no longer present, and the others are notified. */
export const cleanup = check({
  name: "cleanup",
  promise: "who closes its connection is not present any more, and those who stay are told",
  async observe(trial) {
    const [leaving, staying] = await Promise.all([trial.open(), trial.open()]);
    const channel = await trial.channel("presence");
    await trial.subscribe(staying, channel);
    await trial.subscribe(leaving, channel);
    const { agent } = await trial.info(leaving);
    await leaving.close();
    const told = await staying
      .until(() => wasNotified(staying, channel, "left", agent), "the news of who left")
      .then(
        () => true,
        () => false,
      );
    const { members } = await membersOf(staying, channel);
    return { told, still: members.some((each) => each.agent === agent) };
  },
  judge({ told, still }) {
    if (still) return failed("an agent whose connection is closed is still present");
    return told
      ? passed("gone from presence, and a message about it")
      : failed("a subscriber was not told that somebody left");
  },
});
