import { setTimeout as sleep } from "node:timers/promises";
import { check, failed, passed } from "../check.js";
import { agentsOf, membersOf, wasNotified } from "./presence.js";

/** How often to ask for the members, and how long to wait before asking again, in milliseconds. */
const ATTEMPTS = 10;
const POLL_MS = 500;

/** After a client closes its connection, it is no longer present, and the others are notified. */
export const cleanup = check({
  name: "cleanup",
  promise: "who closes its connection is not present any more, and those who stay are told",
  async observe(trial) {
    const [leaving, staying] = await Promise.all([trial.open(), trial.open()]);
    const channel = await trial.channel("presence");
    await trial.subscribe(staying, channel);
    await trial.subscribe(leaving, channel);
    const [{ agent, userId }, other] = [await trial.info(leaving), await trial.info(staying)];
    await leaving.close();
    // A user leaves with its last connection.
    const isOneUser = userId !== undefined && userId === other.userId;
    const told =
      isOneUser ||
      (await staying
        .until(() => wasNotified(staying, channel, "left", agent), "the news of who left")
        .then(
          () => true,
          () => false,
        ));
    const isThere = async (): Promise<boolean> => agentsOf((await membersOf(staying, channel)).members).includes(agent);
    let still = await isThere();
    for (let attempt = 1; still && attempt < ATTEMPTS; attempt += 1) {
      await sleep(POLL_MS);
      still = await isThere();
    }
    return { told, still };
  },
  judge({ told, still }) {
    if (still) return failed("an agent whose connection is closed is still present");
    return told
      ? passed("gone from presence, and a message about it if its user is gone")
      : failed("a subscriber was not told that somebody left");
  },
});
