import { setTimeout as sleep } from "node:timers/promises";
import type { PushIt } from "push-it-client";
import { freshId } from "../remote/ids.js";
import type { LoadPlan } from "./arguments.js";
import { Crowd } from "./crowd.js";
import { DRAIN_MS, RATE_PER_PUBLISHER } from "./limits.js";
import { Pace } from "./pace.js";
import { type LoadResult, Tally } from "./tally.js";

/** The current phase, as text. */
export interface Progress {
  phase: "connecting" | "publishing" | "waiting for the last messages";
  /** Clients that are subscribed, or publications that were sent. */
  done: number;
  of: number;
}

/** The result of a run. */
export interface RunResult extends LoadResult {
  channel: string;
  /** Publications per second: requested and sent. */
  rate: number;
  achievedRate: number;
  seconds: number;
  /** How often the rate was halved because the server refused. */
  backedOff: number;
  reconnections: number;
  /** Why it ended before its time; left out: it did not. */
  endedEarly?: "interrupted" | "refused";
}

/** Codes for a rate that is too high. */
const TOO_MUCH = new Set(["rate_limited", "throttled", "channel_busy", "queue_full"]);

/**
 * Runs a load to its end, or until it is interrupted. It closes all that it has opened.
 * @throws Error if clients cannot connect or subscribe
 */
export const runLoad = async (
  plan: LoadPlan,
  signal: AbortSignal,
  told: (progress: Progress) => void,
): Promise<RunResult> => {
  const channel = `${plan.prefix}/${freshId().slice(0, 10)}/load`;
  const crowd = new Crowd(plan);
  const tally = new Tally(plan.clients);
  const pace = new Pace(plan.rate);
  const begun: { at: number } = { at: performance.now() };
  try {
    const received = (uuid: string, client: number): void => tally.received(uuid, client, performance.now());
    await crowd.subscribe(plan.clients, channel, received, signal, (done) =>
      told({ phase: "connecting", done, of: plan.clients }),
    );
    const publishers = await Promise.all(
      Array.from({ length: Math.ceil(plan.rate / RATE_PER_PUBLISHER) }, () => crowd.connect()),
    );
    begun.at = performance.now();
    await publishAll(plan, channel, publishers, tally, pace, signal, told);
    await drained(tally, signal, told);
  } catch (error) {
    if (!signal.aborted) throw error;
  } finally {
    crowd.end();
  }
  const seconds = Math.min(plan.seconds, (performance.now() - begun.at) / 1_000);
  const ended = signal.aborted ? "interrupted" : pace.isOver ? "refused" : undefined;
  return {
    channel,
    rate: plan.rate,
    achievedRate: Math.round((tally.published / Math.max(seconds, 0.001)) * 10) / 10,
    seconds: Math.round(seconds * 10) / 10,
    ...tally.result(),
    backedOff: pace.refusals,
    reconnections: crowd.reconnections,
    ...(ended && { endedEarly: ended }),
  };
};

/** Publishes at the pace of the moment until the time is over. */
const publishAll = async (
  { seconds, rate }: LoadPlan,
  channel: string,
  publishers: readonly PushIt[],
  tally: Tally,
  pace: Pace,
  signal: AbortSignal,
  told: (progress: Progress) => void,
): Promise<void> => {
  const begun = performance.now();
  const end = begun + seconds * 1_000 - ROUNDING_MS;
  const answers: Promise<void>[] = [];
  let due = begun;
  for (let n = 0; due < end && !pace.isOver && !signal.aborted; n += 1) {
    const wait = due - performance.now();
    if (wait > 0) await sleep(wait, undefined, { signal });
    answers.push(publish(publishers[n % publishers.length] as PushIt, channel, n, tally, pace));
    due = Math.max(due, performance.now() - LATEST_MS) + 1_000 / pace.rateAt(performance.now());
    told({ phase: "publishing", done: n + 1, of: Math.ceil(seconds * rate) });
  }
  await Promise.all(answers);
};

/** Sums of fractions of milliseconds are inexact. Without this, a load could have one publication too many. */
const ROUNDING_MS = 0.01;

/** The longest delay of publications that are made up for. Older ones are left out instead of sent in a burst. */
const LATEST_MS = 1_000;

const publish = async (publisher: PushIt, channel: string, n: number, tally: Tally, pace: Pace): Promise<void> => {
  const uuid = freshId();
  tally.sent(uuid, performance.now());
  try {
    const data = { text: `push-it-cli load, message ${n}`, n };
    await new Promise((resolve, reject) => publisher.publish({ channel, uuid, data }, reject, resolve));
    tally.acknowledged(uuid, performance.now());
  } catch (error) {
    const { code = "unknown" } = error as { code?: string };
    tally.failed(code);
    if (TOO_MUCH.has(code)) pace.refused(performance.now());
  }
};

/** How often it is looked whether the last messages are there, in milliseconds. */
const LOOK_MS = 50;

const drained = async (tally: Tally, signal: AbortSignal, told: (progress: Progress) => void): Promise<void> => {
  const of = tally.missing;
  for (const end = performance.now() + DRAIN_MS; tally.missing > 0 && performance.now() < end && !signal.aborted;) {
    told({ phase: "waiting for the last messages", done: of - tally.missing, of });
    await sleep(LOOK_MS);
  }
};
