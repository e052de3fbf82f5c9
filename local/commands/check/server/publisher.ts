import { check, failed, passed } from "../check.js";
import { NotTried } from "../not-tried.js";
import { dataOf } from "../features.js";
import type { Trial } from "../trial.js";
import { inAccount, publisherOf } from "./aws.js";

/** The channel with most features that a publisher can read; a plain one if there is none. */
const readable = async (trial: Trial, feature: "history" | "presence"): Promise<string | undefined> => {
  try {
    return await trial.channel(feature, `-${feature}`);
  } catch (error) {
    if (error instanceof NotTried) return undefined;
    throw error;
  }
};

/** A publisher on a server publishes, and reads presence and history. */
export const publisher = check({
  name: "publisher",
  promise: "what a back end publishes arrives, and it reads histories and who is present",
  async observe(trial) {
    const publisher = await publisherOf(trial.settings);
    const subscriber = await trial.open();
    const [channel, kept, present] = [
      await trial.channel(),
      await readable(trial, "history"),
      await readable(trial, "presence"),
    ];
    const publish = async (name: string): Promise<string> => {
      await trial.subscribe(subscriber, name);
      const sentAt = performance.now();
      const { uuid } = await inAccount("publishing from a back end", () => publisher.publish(name, dataOf(1)));
      await trial.arrival(subscriber, name, { uuid, sentAt, position: undefined });
      return uuid;
    };
    await publish(channel);
    const stored = kept === undefined ? undefined : await publish(kept);
    if (kept !== undefined) trial.shared.kept.add(kept);
    const history = kept === undefined ? undefined : (await publisher.history(kept)).messages?.map(({ uuid }) => uuid);
    if (present !== undefined) await trial.subscribe(subscriber, present);
    const members =
      present === undefined ? undefined : (await publisher.presence(present)).members.map(({ agent }) => agent);
    const { agent } = await trial.info(subscriber);
    return { history: history?.includes(stored ?? ""), presence: members?.includes(agent) };
  },
  judge({ history, presence }) {
    if (history === false) return failed("the back end does not find its message in the history");
    if (presence === false) return failed("the back end does not see a subscriber who is present");
    const read = [...(history ? ["read the history"] : []), ...(presence ? ["read who is present"] : [])];
    return passed(["published", ...read].join(", "));
  },
});
