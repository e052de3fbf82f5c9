import { check, failed, passed } from "../check.js";

/** After a client unsubscribes, it receives no more messages of the channel. */
export const unsubscription = check({
  name: "unsubscription",
  promise: "who has unsubscribed receives nothing more, and unsubscribing twice succeeds",
  async observe(trial) {
    const [subscriber, publisher] = await Promise.all([trial.open(), trial.open()]);
    const [channel, fence] = [await trial.channel(), await trial.channel("plain", "-end")];
    await trial.subscribe(subscriber, channel);
    await trial.subscribe(subscriber, fence);
    const before = await trial.publish(publisher, channel, 1);
    await subscriber.message(channel, before.uuid);
    await trial.unsubscribe(subscriber, channel);
    const after = await trial.publish(publisher, channel, 2);
    await trial.fence(publisher, subscriber, fence);
    await trial.unsubscribe(subscriber, channel);
    return { after: subscriber.copies(channel, after.uuid) };
  },
  judge: ({ after }) =>
    after === 0
      ? passed("nothing came after it")
      : failed("a message that was published after an unsubscription arrived"),
});
