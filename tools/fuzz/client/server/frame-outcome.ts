import type { SeededRandom } from "../seeded-random.js";

/** The outcome of one frame on the server. */
export interface FrameOutcome {
  /** Time until the answer, in milliseconds. */
  work: number;
  /** How much of the frame is executed. */
  done: "nothing" | "half" | "all";
  /** The reply to the client. */
  reply: "answer" | "internal" | "throttled" | "nothing";
  /** The code instead of success, for randomly selected channels or messages. */
  code?: string;
}

/** The possible failures of a frame. */
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

/** Retryable codes by action: nothing was executed. */
const RETRYABLE_CODES: Record<string, readonly string[]> = {
  publish: ["unavailable", "rate_limited", "guard_timeout", "guard_failed", "channel_busy"],
  subscribe: ["unavailable", "guard_timeout", "guard_failed"],
  unsubscribe: ["unavailable", "guard_timeout", "guard_failed"],
  refresh: ["unavailable", "guard_timeout", "guard_failed"],
  ping: ["unavailable", "rate_limited"],
  heartbeat: ["unavailable", "rate_limited"],
  state: ["unavailable", "rate_limited", "guard_timeout", "guard_failed"],
  history: ["unavailable", "rate_limited", "guard_timeout"],
  presence: ["unavailable", "rate_limited", "guard_timeout"],
  connect: ["unavailable"],
};

/** Maximum time that API Gateway waits for an answer, in milliseconds. */
const MAX_WORK_MS = 28_000;

/** Draws the outcome of a frame, with an ordered or a random failure. */
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

/** Whether one channel or message of a frame is executed, given its code. */
export const isDone = (chance: SeededRandom, fate: FrameOutcome, code: string | undefined): boolean => {
  // `unavailable` does not exclude that it was executed.
  if (code) return code === "unavailable" && fate.done === "half" && chance.happens(0.5);
  // Other items of the frame failed.
  if (fate.code || fate.done === "all") return true;
  return fate.done === "half" && chance.happens(0.5);
};
