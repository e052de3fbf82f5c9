import { setTimeout as sleep } from "node:timers/promises";
import type { ChaosClient } from "./client.js";
import type { Journal } from "./journal.js";
import type { Moves } from "./moves.js";
import type { Plan } from "./plan.js";
import { pick, type Random } from "./random.js";
import type { Schedule } from "./schedule.js";

/** Publications of one client that wait for their answers at once. */
const IN_FLIGHT = 5;

/**
 * How many segments may wait for workers before publishers pause, and how often they look, in milliseconds. On a machine
 * with two cores workers are slower than publishers: without pauses messages would wait for minutes, which is permitted,
 * and no loss on a plain channel could be told from a message that is late.
 */
const BACKLOG = 25;
const LOOK_MS = 50;

/** A segment that waits for longer, in milliseconds, waits for the next attempt: publishers do not wait for it. */
const STUCK_MS = 15_000;

/** What publishing takes. */
export interface Publishing {
  plan: Plan;
  publishers: ReadonlyMap<string, ChaosClient>;
  /** Those whose connections may be cut on their side, and whose pages may be loaded anew. */
  victims: readonly ChaosClient[];
  schedule: Schedule;
  /** Has clients subscribe and unsubscribe meanwhile. */
  moves: Pick<Moves, "advance">;
  journal: Pick<Journal, "waiting">;
  /** Chooses the victims. */
  random: Random;
  /** Is called whenever one more publisher is told what became of a publication. */
  told(): void;
}

/** Has everything published that is planned, each publisher's in its order, and resolves when all of it is told. */
export const publishAll = async ({ plan, publishers, victims, schedule, moves, random, journal, told }: Publishing): Promise<void> => {
  const lanes = [...plan].flatMap(([name, planned]) => {
    const publisher = publishers.get(name)!;
    const waiting = planned.values();
    const next = async (): Promise<void> => {
      for (const each of waiting) {
        while (journal.waiting(STUCK_MS) > BACKLOG) await sleep(LOOK_MS);
        schedule.advance();
        moves.advance();
        if (schedule.strikes("clientCut")) pick(random, victims).cut();
        if (schedule.strikes("reloaded")) pick(random, victims).reload();
        await publisher.publish(each);
        told();
      }
    };
    // They share what waits: each takes the next one.
    return Array.from({ length: IN_FLIGHT }, next);
  });
  await Promise.all(lanes);
};
