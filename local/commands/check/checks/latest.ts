import { check, failed, passed } from "../check.js";

/** A subscriber receives the channel's last message with the reply. */
export const latest = check({
  name: "latest",
  promise: "who subscribes gets the channel's newest message with the answer",
  async observe(trial) {
    const [publisher, subscriber] = await Promise.all([trial.open(), trial.open()]);
    const channel = await trial.channel("latest");
    const sent: string[] = [];
    for (let n = 1; n <= 3; n += 1) sent.push((await trial.publish(publisher, channel, n)).uuid);
    const result = await trial.subscribe(subscriber, channel);
    // A message that does not fit the reply arrives before it.
    const told = result.latest ?? result.messages?.at(-1) ?? subscriber.messages(channel).at(-1);
    return { sent, told: told?.uuid };
  },
  judge({ sent, told }) {
    if (told === undefined)
      return failed("the answer to a subscription brings no message, although three were published");
    const at = sent.indexOf(told);
    if (at < 0) return failed("the answer to a subscription brings a message that was not published on the channel");
    return at === sent.length - 1
      ? passed("the newest of three")
      : failed(`the answer to a subscription brings message ${at + 1} of ${sent.length} instead of the newest`);
  },
});
