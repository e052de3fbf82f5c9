import { check, failed, passed } from "../check.js";
import { TRIALS } from "../limits.js";
import type { Sent } from "../trial.js";
import { Missing } from "../waiting.js";

/** Subscribe, then publish: an acknowledged subscription is live. */
export const delivery = check({
  name: "delivery",
  promise: "a message that is published after a subscription was acknowledged arrives",
  async observe(trial) {
    const [subscriber, publisher] = await Promise.all([trial.open(), trial.open()]);
    const channel = await trial.channel();
    const sent: (Sent & { n: number; name: string })[] = [];
    const lost: number[] = [];
    for (let n = 1; n <= TRIALS; n += 1) {
      const name = `${channel}-${n}`;
      await trial.subscribe(subscriber, name);
      sent.push({ n, name, ...(await trial.publish(publisher, name, n)) });
    }
    const wait = async (each: Sent & { name: string; n: number }): Promise<void> => {
      try {
        await trial.arrival(subscriber, each.name, each);
      } catch (error) {
        if (!(error instanceof Missing)) throw error;
        lost.push(each.n);
      }
    };
    await Promise.all(sent.map(wait));
    return { trials: TRIALS, lost: lost.sort((a, b) => a - b), seconds: trial.settings.timeoutMs / 1_000 };
  },
  judge: ({ trials, lost, seconds }) =>
    lost.length === 0
      ? passed(`${trials} of ${trials} arrived`)
      : failed(
          `${lost.length} of ${trials} messages did not arrive within ${seconds} s of their acknowledgement (trial ${lost.join(", ")})`,
        ),
});
