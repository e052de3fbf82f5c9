import type { SeededRandom } from "../seeded-random.js";

/** What becomes of one frame on the server. */
export interface FrameOutcome {
  /** How long it takes until the answer, in milliseconds. */
  work: number;
  /** How much of it is done: nothing, a part, all. */
  done: "nothing" | "half" | "all";
  /** What the client is sent. */
  reply: "answer" | "internal" | "throttled" | "nothing";
  /** What the answer says instead of success; the channels or messages for which chance says so. */
  code?: string;
}

/** Ways in which a frame can fail. */
export const FAILURES = {
  refused: { done: "nothing", reply: "answer" },
  half: { done: "half", reply: "answer", code: "unavailable" },
  lostAnswer: { done: "all", reply: "nothing" },
  lost: { done: "nothing", reply: "nothing" },
  diedAfter: { done: "all", reply: "internal" },
  died: { done: "nothing", reply: "internal" },
  diedBetween: { done: "half", reply: "internal" },
  throttled: { done: "nothing", reply: "throttled" },
} as const satisfies Record<string, Omit<FrameOutcome, "work">>;

/** The name of a failure. */
export type FailureName = keyof typeof FAILURES;

/** The names of all failures. */
export const FAILURE_NAMES = Object.keys(FAILURES) as FailureName[];

/** Codes that say "later", by action: nothing was done. */
const RETRYABLE_CODES: Record<string, readonly string[]> = {
  publish: ["unavailable", "rate_limited", "guard_timeout", "guard_failed", "channel_busy"],
  subscribe: ["unavailable", "guard_timeout", "guard_failed"],
  unsubscribe: ["unavailable", "guard_timeout", "guard_failed"],
  refresh: ["unavailable", "guard_timeout", "guard_failed"],
  ping: ["unavailable", "rate_limited"],
  history: ["unavailable", "rate_limited", "guard_timeout"],
  presence: ["unavailable", "rate_limited", "guard_timeout"],
  connect: ["unavailable"],
};

/** The slowest answer that API Gateway waits for, in milliseconds. */
const MAX_WORK_MS = 28_000;

/** Decides what becomes of a frame, with a failure that a command has ordered or that chance makes. */
export const drawOutcome = (
  chance: SeededRandom,
  action: string,
  trouble: number,
  ordered: FailureName | undefined,
): FrameOutcome => {
  const work = 2 + chance.delay(chance.happens(trouble) ? MAX_WORK_MS : 600);
  const failure = ordered ?? (chance.happens(trouble) ? chance.pick(FAILURE_NAMES) : undefined);
  if (!failure) return { work, done: "all", reply: "answer" };
  const fate: FrameOutcome = { work, ...FAILURES[failure] };
  return failure === "refused" ? { ...fate, code: chance.pick(RETRYABLE_CODES[action] ?? ["unavailable"]) } : fate;
};

/** Whether one channel or message of a frame is done, which is answered with `code`, or with success. */
export const isDone = (chance: SeededRandom, fate: FrameOutcome, code: string | undefined): boolean => {
  // What says "unavailable" may have happened all the same.
  if (code) return code === "unavailable" && fate.done === "half" && chance.happens(0.5);
  // Others of the frame have failed, not this one.
  if (fate.code || fate.done === "all") return true;
  return fate.done === "half" && chance.happens(0.5);
};
