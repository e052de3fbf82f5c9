import { MAX_FRAME_BYTES, type Json } from "../../../../protocol/index.js";
import { REPLAY_BYTES } from "../../../../lambdas/publish/message-size.js";
import { check, failed, passed } from "../check.js";
import { NotTried } from "../not-tried.js";
import { dataOf } from "../features.js";
import { freshId } from "../../remote/ids.js";

/** Data that makes a frame with it so many bytes long. */
const filled = (bytes: number, frameOf: (data: Json) => object): Json => {
  const empty = Buffer.byteLength(JSON.stringify(frameOf(dataOf(1, { fill: "" }))));
  return dataOf(1, { fill: "x".repeat(Math.max(0, bytes - empty)) });
};

/** The largest message arrives whole. A larger one is refused, and the connection stays open. */
export const sizes = check({
  name: "sizes",
  promise: "the largest message that is permitted arrives whole, and a larger one is refused with too_large",
  async observe(trial) {
    const [subscriber, publisher] = await Promise.all([trial.open(), trial.open()]);
    const channel = await trial.channel();
    const subscribed = await trial.subscribe(subscriber, channel);
    const { limits } = await trial.info(publisher);
    // The frame of a publication has fields that the delivered one has not: it is the longer one.
    const uuid = freshId();
    const position = subscribed.position && {
      epoch: subscribed.position.epoch,
      offset: subscribed.position.offset + 1,
    };
    const most = Math.min(limits.messageBytes, subscribed.position ? MAX_FRAME_BYTES - REPLAY_BYTES : MAX_FRAME_BYTES);
    const delivered = filled(most, (data) => ({ channel, uuid, data, ...position }));
    const fitting = filled(MAX_FRAME_BYTES, (data) => ({ action: "publish", channel, uuid, data }));
    const larger = (data: Json): boolean => JSON.stringify(fitting).length > JSON.stringify(data).length;
    const above = async (): Promise<string | undefined> => {
      // If a frame cannot exceed the limit, API Gateway closes the connection, so no error frame is sent.
      if (!larger(delivered)) return undefined;
      const { successful, code } = await publisher.request({
        action: "publish",
        channel,
        uuid: freshId(),
        data: fitting,
      });
      return successful ? "success" : (code ?? "no code");
    };
    const data = larger(delivered) ? delivered : fitting;
    const sent = await trial.publish(publisher, channel, 1, { uuid, data });
    const got = await subscriber.message(channel, uuid);
    await trial.arrival(subscriber, channel, sent);
    const { fill } = got.data as { fill?: string };
    if (fill === undefined)
      throw new NotTried(
        "a guard changes what is published, so that sizes cannot be compared. Name another channel with --channel",
      );
    return {
      bytes: JSON.stringify(data).length,
      whole: fill === (data as { fill: string }).fill,
      above: await above(),
    };
  },
  judge({ bytes, whole, above }) {
    if (!whole) return failed(`a message with ${bytes} bytes of data arrived changed`);
    if (above !== undefined && above !== "too_large")
      return failed(`a message that is too large is answered with ${above}`);
    return passed(`${bytes} bytes of data arrived whole${above ? ", more is too_large" : ""}`);
  },
});
