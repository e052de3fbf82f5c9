import type { ChaosClient } from "./client.js";
import type { SubscriptionChurn } from "./churn.js";
import type { Plan } from "./plan.js";
import { pick, type Random } from "../lib/random.js";
import type { Schedule } from "./schedule.js";

/** Maximum unanswered publications of one client. */
const IN_FLIGHT = 5;

/** The options of `publishAll`. */
export interface PublishAllOptions {
  plan: Plan;
  publishers: ReadonlyMap<string, ChaosClient>;
  /** Clients whose connections may be cut and whose pages may be reloaded. */
  victims: readonly ChaosClient[];
  schedule: Schedule;
  /** Changes subscriptions meanwhile. */
  churn: Pick<SubscriptionChurn, "advance">;
  /** Selects the victims. */
  random: Random;
  /** Called for each answered publication. */
  onAnswered(): void;
}

/** Publishes the whole plan, in each publisher's order. Resolves when all publications are answered. */
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
        if (schedule.isDue("clientCut")) pick(random, victims).cut();
        if (schedule.isDue("reloaded")) pick(random, victims).reload();
        await publisher.publish(each);
        onAnswered();
      }
    };
    // The lanes share one iterator: each takes the next publication.
    return Array.from({ length: IN_FLIGHT }, next);
  });
  await Promise.all(lanes);
};
