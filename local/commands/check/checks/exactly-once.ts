import { check, failed, passed } from "../check.js";
import { dataOf } from "../features.js";
import { freshId } from "../../remote/ids.js";
import { readHistory } from "./history.js";

/** A publication that is repeated, also on another connection of the session, is one publication. */
export const exactlyOnce = check({
  name: "exactly-once",
  promise:
    "a publication that is repeated, also after a reconnection, is stored once; its uuid is good for no other data",
  async observe(trial) {
    const session = freshId();
    const channel = await trial.channel("history");
    const uuid = freshId();
    const first = await trial.open({ session });
    const original = await trial.publish(first, channel, 1, { uuid });
    await first.close();
    const second = await trial.open({ session });
    const repeated = await trial.publish(second, channel, 1, { uuid });
    const other = await second.request({ action: "publish", channel, uuid, data: dataOf(2) });
    const { uuids } = await readHistory(second, channel);
    return {
      original: original.position,
      repeated: repeated.position,
      other: other.successful ? "success" : (other.code ?? "no code"),
      stored: uuids.length,
    };
  },
  judge({ original, repeated, other, stored }) {
    if (original === undefined) return failed("a publication on a channel with history has no position");
    if (stored !== 1) return failed(`a publication that was repeated is in the history ${stored} times`);
    if (original.offset !== repeated?.offset || original.epoch !== repeated.epoch)
      return failed("a repeated publication was given another position");
    if (other !== "uuid_reused")
      return failed(`the same uuid with other data is answered with ${other} instead of uuid_reused`);
    return passed("stored once, on two connections of one session");
  },
});
