import { check, passed, type Verdict } from "../check.js";
import { NotTried } from "../not-tried.js";
import { planFor } from "./bounds.js";
import type { AccountReading } from "./facts.js";
import { readAccount } from "./read.js";

/** The subject of the reading, in a few words. */
const short = ({ facts }: AccountReading): string => {
  const { concurrency = 0, requestsPerSecond = 0, connectionsPerSecond = 0 } = facts;
  const said = [
    `${concurrency} functions at once`,
    `${requestsPerSecond} requests and ${connectionsPerSecond} new connections a second`,
  ];
  return said.join(", ");
};

/** Decides by the readings. A failed reading leaves the question open. */
export const judgeAccount = ({ reading, users }: { reading: AccountReading; users: number | undefined }): Verdict => {
  if (reading.unread.length > 0)
    return { outcome: "not tried", detail: `these could not be read: ${reading.unread.join("; ")}` };
  if (users === undefined) return passed(short(reading));
  const { publication, reconnection } = planFor(reading.facts, users);
  return passed(
    `with ${users.toLocaleString("en-US")} users, ${publication[0]?.name} binds publications and ${reconnection[0]?.name} reconnections`,
  );
};

/** Reads the account's quotas. It reports no fault; the advice follows below. */
export const account = check({
  name: "account",
  promise: "the account's quotas can be read; with --users N it says which of them binds first, and what to request",
  async observe(trial) {
    const { region = process.env["AWS_REGION"] ?? process.env["AWS_DEFAULT_REGION"], table, users } = trial.settings;
    if (region === undefined) throw new NotTried("the Region is not known. Name it with --region");
    const reading = await readAccount(region, table);
    trial.shared.account = reading;
    return { reading, users };
  },
  judge: judgeAccount,
});
