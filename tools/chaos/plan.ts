import { CHANNELS } from "./channels.js";
import { loadProfileOf } from "./load-profile.js";
import { COPIED_CHANNEL, type GuardBehavior, type Payload } from "./policy.js";
import { randomInteger, pick, type Random, randomFor } from "../lib/random.js";

/** One planned publication. */
export interface PlannedPublication {
  uuid: string;
  channel: string;
  data: Payload;
}

/** The publications of each client by its name, in order. */
export type Plan = ReadonlyMap<string, readonly PlannedPublication[]>;

/** Matches the uuids of a run. */
export const UUID_PATTERN = /chaos-\w+-\d+/g;

/**
 * Minimum number of publications with each guard behavior in a run of `WHOLE` messages. Smaller runs have
 * proportionally fewer.
 */
const BEHAVIOR_COUNTS: Record<GuardBehavior, number> = { slow: 32, deny: 50, throw: 12, exit: 12, hang: 12 };
const WHOLE = 5_000;

/** Share of the messages with padding, and the maximum padding in characters. */
const LARGE_SHARE = 0.05;
const MAX_PADDING = 3_000;

/** Share of the publications on channels with history that are ephemeral. */
const EPHEMERAL_SHARE = 0.08;

/** The channels on which some publications are ephemeral. A copy on a second channel would be stored. */
const EPHEMERAL_CHANNELS: ReadonlySet<string> = new Set(
  CHANNELS.flatMap(({ name, size }) => (size === undefined || name === COPIED_CHANNEL ? [] : [name])),
);

const weighted = CHANNELS.flatMap(({ name, weight }) => Array.from({ length: weight }, () => name));

const planBehaviors = (random: Random, messages: number): Map<number, GuardBehavior> => {
  const found = new Map<number, GuardBehavior>();
  for (const [doing, times] of Object.entries(BEHAVIOR_COUNTS) as [GuardBehavior, number][]) {
    const wanted = Math.min(Math.ceil((times * messages) / WHOLE), Math.floor(messages / 10));
    for (let struck = 0; struck < wanted;) {
      const at = Math.floor(random() * messages);
      if (found.has(at)) continue;
      found.set(at, doing);
      struck += 1;
    }
  }
  return found;
};

/** Plans the publications of a run. The same seed gives the same plan. */
export const planOf = (seed: number, messages: number): Plan => {
  const random = randomFor(seed, "plan");
  // Numbers of its own, so that the rest of the plan is the same with and without ephemeral messages.
  const ephemerals = randomFor(seed, "ephemeral");
  const doing = planBehaviors(random, messages);
  const plan = new Map<string, PlannedPublication[]>(
    Array.from({ length: loadProfileOf(messages).publishers }, (_, index) => [`p${index}`, []]),
  );
  const names = [...plan.keys()];
  for (let at = 0; at < messages; at += 1) {
    const by = pick(random, names);
    const mine = plan.get(by)!;
    const n = mine.length;
    const pad = random() < LARGE_SHARE ? "x".repeat(randomInteger(random, 1, MAX_PADDING)) : undefined;
    const does = doing.get(at);
    const channel = pick(random, weighted);
    const isEphemeral = EPHEMERAL_CHANNELS.has(channel) && ephemerals() < EPHEMERAL_SHARE;
    const data: Payload = {
      by,
      n,
      ...(does && { do: does }),
      ...(pad !== undefined && { pad }),
      ...(isEphemeral && { ephemeral: true }),
    };
    mine.push({ uuid: `chaos-${by}-${n}`, channel, data });
  }
  return plan;
};
