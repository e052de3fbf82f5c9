import { setTimeout as sleep } from "node:timers/promises";
import { channelKey, connectionKey } from "../../../../lambdas/aws/dynamodb/keys.js";
import { check, failed, passed } from "../check.js";
import { tableOf } from "./aws.js";
import { connectionIdOf } from "./revocation.js";

/** How often the table is read until the rows are gone, in milliseconds. No event reports that. */
const POLL_MS = 250;

/** A connection that has ended leaves no rows behind. */
export const leftovers = check({
  name: "leftovers",
  promise: "a connection that has ended leaves no rows in the table",
  async observe(trial) {
    const read = await tableOf(trial.settings);
    const wire = await trial.open();
    const channel = await trial.channel();
    await trial.subscribe(wire, channel);
    const connection = await connectionIdOf(trial, channel);
    const rows = async (): Promise<number> =>
      (await Promise.all([read(connectionKey(connection)), read(channelKey(channel))])).flat().length;
    const before = await rows();
    await wire.close();
    const end = performance.now() + trial.settings.timeoutMs;
    let after = await rows();
    while (after > 0 && performance.now() < end) {
      await sleep(POLL_MS);
      after = await rows();
    }
    return { before, after, seconds: trial.settings.timeoutMs / 1_000 };
  },
  judge: ({ before, after, seconds }) =>
    after === 0
      ? passed(`${before} rows, all gone`)
      : failed(`${after} of ${before} rows of a closed connection are in the table after ${seconds} s`),
});
