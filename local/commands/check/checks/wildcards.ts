import { check, failed, passed } from "../check.js";

/** A wildcard receives each message below it once, and no other messages. */
export const wildcards = check({
  name: "wildcards",
  promise: "a wildcard receives what is published below it, once each, and nothing from beside it",
  async observe(trial) {
    const [subscriber, publisher] = await Promise.all([trial.open(), trial.open()]);
    const below = await trial.channel("wildcards");
    const [one, deep, beside] = [`${below}/one`, `${below}/deep/er`, `${below}-beside/one`];
    await trial.subscribe(subscriber, `${below}/*`);
    await trial.subscribe(subscriber, one);
    const sent = {
      one: await trial.publish(publisher, one),
      deep: await trial.publish(publisher, deep),
      beside: await trial.publish(publisher, beside),
    };
    await trial.fence(publisher, subscriber, `${below}/end`);
    await trial.arrival(subscriber, one, sent.one);
    return {
      one: subscriber.copies(one, sent.one.uuid),
      deep: subscriber.copies(deep, sent.deep.uuid),
      beside: subscriber.copies(beside, sent.beside.uuid),
    };
  },
  judge({ one, deep, beside }) {
    if (deep === 0) return failed("a message two segments below a wildcard did not arrive");
    if (one > 1) return failed(`a subscriber of a channel and its wildcard received the message ${one} times`);
    if (beside > 0) return failed("a message beside a wildcard arrived");
    return passed("below it at any depth, once, and nothing from beside it");
  },
});
