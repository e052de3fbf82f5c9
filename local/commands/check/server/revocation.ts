import { channelKeys } from "../../../../lambdas/aws/dynamodb/keys.js";
import { Meta } from "../../../../protocol/index.js";
import { check, failed, passed } from "../check.js";
import { NotTried } from "../not-tried.js";
import type { Trial } from "../trial.js";
import type { Wire } from "../wire.js";
import { inAccount, publisherOf, tableOf } from "./aws.js";

const REASON = "push-it-cli check";

/** How many shards a channel can have: the prop `shards` of the construct. */
const MOST_SHARDS = 64;

/** The only subscriber's connection, as API Gateway calls it. */
export const connectionIdOf = async (trial: Trial, channel: string): Promise<string> => {
  const read = await tableOf(trial.settings);
  for (const partition of channelKeys(channel, MOST_SHARDS)) {
    const [found] = await read(partition);
    if (found !== undefined) return found;
  }
  throw new Error(
    `the table has no subscriber of ${channel}, although one is subscribed. Is --table the table of this deployment?`,
  );
};

/**
 * The target of the revocation: the connection's subscription, or else the user's, on a channel that only this
 * connection uses.
 */
const targetOf = async (
  trial: Trial,
  wire: Wire,
  channel: string,
): Promise<{ connection: { id: string } } | { userId: string }> => {
  if (trial.settings.table !== undefined) return { connection: { id: await connectionIdOf(trial, channel) } };
  const { userId } = await trial.info(wire);
  if (userId !== undefined) return { userId };
  throw new NotTried("it takes the table (--table), or credentials whose connection guard gives a userId");
};

/** A server revokes a subscription and, with the table, a connection. Only this check's own client is affected. */
export const revocation = check({
  name: "revocation",
  promise: "a subscription that a back end ends is over at once, and its client is told; so is a connection",
  async observe(trial) {
    const api = await publisherOf(trial.settings);
    const [subscriber, publisher] = await Promise.all([trial.open(), trial.open()]);
    const [channel, fence] = [await trial.channel(), await trial.channel("plain", "-end")];
    await trial.subscribe(subscriber, channel);
    await trial.subscribe(subscriber, fence);
    const target = await targetOf(trial, subscriber, channel);
    await inAccount("ending a subscription", () => api.unsubscribe(target, channel, REASON));
    const told = subscriber.received.some(
      ({ channel: on, code, data }) =>
        on === Meta.unsubscribe &&
        code === "revoked" &&
        (data as { channel?: string } | undefined)?.channel === channel,
    );
    const { uuid } = await trial.publish(publisher, channel);
    await trial.fence(publisher, subscriber, fence);
    const after = subscriber.copies(channel, uuid);
    if (!("connection" in target)) return { told, after, closed: undefined };
    await api.disconnect(target, REASON);
    await subscriber.ended();
    const closed = subscriber.received.some(({ channel: on, code }) => on === Meta.connect && code === "revoked");
    return { told, after, closed };
  },
  judge({ told, after, closed }) {
    if (after > 0) return failed("a message arrived after the back end had ended the subscription");
    if (!told) return failed("the client was not told that the back end ended its subscription");
    if (closed === false) return failed("the client was closed, but not told that the back end ended its connection");
    return passed(closed ? "a subscription and a connection" : "a subscription; a connection takes --table");
  },
});
