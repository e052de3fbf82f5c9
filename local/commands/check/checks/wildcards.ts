import { check, failed, passed } from "../check.js";

/** A wildcard receives each message below it once, and no other messages. */
export const wildcards = check({
  name: "wildcards",
  promise: "a wildcard receives what is published below it, once each, and nothing next to it",
  async observe(trial) {
    const [subscriber, publisher] = await Promise.all([trial.open(), trial.open()]);
    const below = await trial.channel("wildcards");
    const [one, deep, sibling] = [`${below}/one`, `${below}/deep/er`, `${below}-sibling/one`];
    await trial.subscribe(subscriber, `${below}/*`);
    await trial.subscribe(subscriber, one);
    const sent = {
      one: await trial.publish(publisher, one),
      deep: await trial.publish(publisher, deep),
      sibling: await trial.publish(publisher, sibling),
    };
    await trial.fence(publisher, subscriber, `${below}/end`);
    await trial.arrival(subscriber, one, sent.one);
    return {
      one: subscriber.copies(one, sent.one.uuid),
      deep: subscriber.copies(deep, sent.deep.uuid),
      sibling: subscriber.copies(sibling, sent.sibling.uuid),
    };
  },
  judge({ one, deep, sibling }) {
    if (deep === 0) return failed("a message two segments below a wildcard did not arrive");
    if (one > 1) return failed(`a subscriber of a channel and its wildcard received the message ${one} times`);
    if (sibling > 0) return failed("a message next to a wildcard arrived");
    return passed("below it at any depth, once, and nothing next to it");
  },
});
