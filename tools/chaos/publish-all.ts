import type { ChaosClient } from "./client.js";
import type { SubscriptionChurn } from "./churn.js";
import type { Plan } from "./plan.js";
import { pick, type Random } from "../lib/random.js";
import type { Schedule } from "./schedule.js";

/** Publications of one client that wait for their answers at once. */
const IN_FLIGHT = 5;

/** What publishing takes. */
export interface PublishAllOptions {
  plan: Plan;
  publishers: ReadonlyMap<string, ChaosClient>;
  /** Those whose connections may be cut on their side, and whose pages may be loaded anew. */
  victims: readonly ChaosClient[];
  schedule: Schedule;
  /** Has clients subscribe and unsubscribe meanwhile. */
  churn: Pick<SubscriptionChurn, "advance">;
  /** Chooses the victims. */
  random: Random;
  /** Is called whenever one more publisher is told what became of a publication. */
  onAnswered(): void;
}

/** Has everything published that is planned, each publisher's in its order, and resolves when all of it is told. */
export const publishAll = async ({
  plan,
  publishers,
  victims,
  schedule,
  churn,
  random,
  onAnswered,
}: PublishAllOptions): Promise<void> => {
  const lanes = [...plan].flatMap(([name, planned]) => {
    const publisher = publishers.get(name)!;
    const waiting = planned.values();
    const next = async (): Promise<void> => {
      for (const each of waiting) {
        schedule.advance();
        churn.advance();
        if (schedule.strikes("clientCut")) pick(random, victims).cut();
        if (schedule.strikes("reloaded")) pick(random, victims).reload();
        await publisher.publish(each);
        onAnswered();
      }
    };
    // They share what waits: each takes the next one.
    return Array.from({ length: IN_FLIGHT }, next);
  });
  await Promise.all(lanes);
};
