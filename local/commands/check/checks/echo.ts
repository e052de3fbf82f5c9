import { check, failed, passed } from "../check.js";

/** A subscribed publisher receives its own message, unless it sends `echo: false`. */
export const echo = check({
  name: "echo",
  promise: "a subscribed publisher receives its own message, unless it asked not to; others receive both",
  async observe(trial) {
    const [publisher, other] = await Promise.all([trial.open(), trial.open()]);
    const [channel, fence] = [await trial.channel(), await trial.channel("plain", "-end")];
    for (const wire of [publisher, other]) {
      await trial.subscribe(wire, channel);
      await trial.subscribe(wire, fence);
    }
    const without = await trial.publish(publisher, channel, 1, { echo: false });
    const withEcho = await trial.publish(publisher, channel, 2);
    await trial.fence(other, publisher, fence);
    await trial.fence(publisher, other, fence);
    return {
      own: { without: publisher.copies(channel, without.uuid), withEcho: publisher.copies(channel, withEcho.uuid) },
      others: { without: other.copies(channel, without.uuid), withEcho: other.copies(channel, withEcho.uuid) },
    };
  },
  judge({ own, others }) {
    if (own.without > 0) return failed("a publisher received a message that it published with echo: false");
    if (own.withEcho === 0) return failed("a subscribed publisher did not receive its own message");
    if (others.without === 0 || others.withEcho === 0)
      return failed("another subscriber did not receive what was published with or without echo");
    return passed("own copy only with echo, others always");
  },
});
