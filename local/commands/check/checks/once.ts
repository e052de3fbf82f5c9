import { check, failed, passed } from "../check.js";
import { TRIALS } from "../limits.js";

/** A connection is sent each message once, unless something on the way was repeated. */
export const once = check({
  name: "once",
  promise: "each message is sent to a subscriber once",
  async observe(trial) {
    const [subscriber, publisher] = await Promise.all([trial.open(), trial.open()]);
    const [channel, fence] = [await trial.channel(), await trial.channel("plain", "-end")];
    await trial.subscribe(subscriber, channel);
    await trial.subscribe(subscriber, fence);
    const uuids: string[] = [];
    for (let n = 1; n <= TRIALS; n += 1) {
      const sent = await trial.publish(publisher, channel, n);
      await trial.arrival(subscriber, channel, sent);
      uuids.push(sent.uuid);
    }
    await trial.fence(publisher, subscriber, fence);
    return { copies: uuids.map((uuid) => subscriber.copies(channel, uuid)) };
  },
  judge({ copies }) {
    const repeated = copies.filter((each) => each > 1).length;
    // One copy may be API Gateway's: a post with a lost response is repeated, and clients drop the copy.
    if (repeated > 1) return failed(`${repeated} of ${copies.length} messages came more than once`);
    return passed(
      repeated === 0
        ? `${copies.length} messages, none twice`
        : `1 of ${copies.length} messages came twice, as after a lost answer`,
    );
  },
});
