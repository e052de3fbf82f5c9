import { check, failed, passed, sameList, type Verdict } from "../check.js";
import { FRAMES } from "../limits.js";
import type { Trial } from "../trial.js";
import type { Wire } from "../wire.js";

/** The published messages, and the received ones, in order. */
interface Orders {
  sent: string[];
  got: string[];
}

const pair = async (trial: Trial): Promise<{ subscriber: Wire; publisher: Wire; channel: string }> => {
  const [subscriber, publisher] = await Promise.all([trial.open(), trial.open()]);
  const channel = await trial.channel();
  await trial.subscribe(subscriber, channel);
  return { subscriber, publisher, channel };
};

/** Each message by its first copy. */
const arrivals = async (subscriber: Wire, channel: string, sent: readonly string[]): Promise<string[]> => {
  for (const uuid of sent) await subscriber.message(channel, uuid);
  return [...new Set(subscriber.messages(channel).map(({ uuid }) => uuid))];
};

const judge = ({ sent, got }: Orders): Verdict => {
  if (sameList(sent, got)) return passed(`${sent.length} messages in order`);
  const at = got.findIndex((uuid, place) => uuid !== sent[place]);
  return failed(`message ${sent.indexOf(got[at] ?? "") + 1} came in place ${at + 1} of ${sent.length}`);
};

/** The messages of one frame arrive in its order. */
export const orderInFrame = check<Orders>({
  name: "order-in-frame",
  promise: "the messages of one frame arrive in its order",
  async observe(trial) {
    const { subscriber, publisher, channel } = await pair(trial);
    const { limits } = await trial.info(publisher);
    const sent = (await trial.publishAll(publisher, channel, limits.messagesPerFrame)).map(({ uuid }) => uuid);
    return { sent, got: await arrivals(subscriber, channel, sent) };
  },
  judge,
});

/** Frames that wait for each other's answers arrive in their order. */
export const orderAcrossFrames = check<Orders>({
  name: "order-across-frames",
  promise: "one publisher's frames arrive in the order in which it sent them",
  async observe(trial) {
    const { subscriber, publisher, channel } = await pair(trial);
    const sent: string[] = [];
    for (let n = 1; n <= FRAMES; n += 1) sent.push((await trial.publish(publisher, channel, n)).uuid);
    return { sent, got: await arrivals(subscriber, channel, sent) };
  },
  judge,
});
