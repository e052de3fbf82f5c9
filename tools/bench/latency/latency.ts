import type { PushIt } from "push-it-client";
import type { Benchmark, BenchContext } from "../benchmark.js";
import { lineChart } from "../charts/charts.js";
import { connectClient, connectSubscribers } from "../load/clients.js";
import { type EmulationTimes, measureEmulation } from "./probes.js";
import { publishAtRate, type RateResult } from "../load/publish-at-rate.js";
import { startLoadRuntime } from "../load/runtime.js";
import { integerOption, numberOption } from "../options.js";

/** The result. */
export interface LatencyResult {
  subscribers: number;
  /** The emulation's part of the time to the first subscriber, without load. */
  emulationMs: EmulationTimes;
  /** Increasing rates up to the first that saturated the machine. */
  rates: RateResult[];
  /** The first rate that saturated the machine, in publications a second; `null`: none. */
  saturatedAt: number | null;
}

/** The plan of a run. */
export interface LatencyPlan {
  /** Publications a second. */
  rates: readonly number[];
  /** Duration of each rate. */
  seconds: number;
  subscribers: number;
  /** Measurements of each part of the emulation. */
  probes: number;
  /**
   * When a rate has saturated the machine, besides failed and missing publications.
   * @default SATURATION
   */
  saturation?: Saturation;
}

/** When a rate has saturated the machine. */
export interface Saturation {
  /** Minimum achieved share of a rate without saturation. */
  minAchievedShare: number;
  /** Maximum median without saturation, in milliseconds. */
  maxMedianMs: number;
}

const RATES = [10, 50, 100, 200, 400, 800, 1600];
const SECONDS = 5;
const SUBSCRIBERS = 3;
const PROBES = 200;
const CHANNEL = "bench/latency";

/** The warm-up, which starts functions and compiles code. */
const WARM_UP = { perSecond: 20, seconds: 2 };

/** When a rate counts as saturated. */
const SATURATION: Saturation = { minAchievedShare: 0.9, maxMedianMs: 1_000 };

/** Whether a rate saturated the machine. */
const isSaturated = (
  { perSecond, achievedPerSecond, acknowledged, failed, missing }: RateResult,
  { minAchievedShare, maxMedianMs }: Saturation,
): boolean =>
  achievedPerSecond < minAchievedShare * perSecond ||
  acknowledged.p50 > maxMedianMs ||
  missing > 0 ||
  Object.keys(failed).length > 0;

/** Publishes one message. @returns the time to the first subscriber, after all have received it */
const publishOne = async (publisher: PushIt, hearing: readonly PushIt[]): Promise<number> => {
  const begun = performance.now();
  const received = hearing.map(
    (subscriber) =>
      new Promise<number>((resolve) => {
        const off = subscriber.channel(CHANNEL).on("message", () => {
          off();
          resolve(performance.now() - begun);
        });
      }),
  );
  await publisher.channel(CHANNEL).publish(null, { echo: false });
  return Math.min(...(await Promise.all(received)));
};

/** Measures. */
export const measureLatency = async ({ root, progress }: BenchContext, plan: LatencyPlan): Promise<LatencyResult> => {
  const { saturation = SATURATION } = plan;
  const runtime = await startLoadRuntime(root);
  const target = { url: runtime.websocketUrl };
  const clients: { disconnect(): void }[] = [];
  try {
    const hearing = await connectSubscribers(target, CHANNEL, plan.subscribers);
    clients.push(...hearing);
    const publisher = await connectClient(target);
    clients.push(publisher);
    const load = { publisher, subscribers: hearing, channel: CHANNEL };
    await publishAtRate({ ...load, ...WARM_UP });
    const emulationMs = await measureEmulation(runtime, CHANNEL, () => publishOne(publisher, hearing), plan.probes);
    const rates: RateResult[] = [];
    for (const [at, perSecond] of plan.rates.entries()) {
      const share = (done: number): void => progress((at + done) / plan.rates.length);
      rates.push(await publishAtRate({ ...load, perSecond, seconds: plan.seconds, progress: share }));
      if (isSaturated(rates.at(-1)!, saturation)) break;
    }
    progress(1);
    const last = rates.find((each) => isSaturated(each, saturation));
    return { subscribers: plan.subscribers, emulationMs, rates, saturatedAt: last?.perSecond ?? null };
  } finally {
    for (const client of clients) client.disconnect();
    await runtime.close();
  }
};

const ms = (value: number): string => value.toFixed(1);

const table = ({ subscribers: count, emulationMs, rates, saturatedAt }: LatencyResult): string => {
  const rows = rates.map(({ perSecond, received, acknowledged, achievedPerSecond, failed }) =>
    [
      ...[perSecond, achievedPerSecond.toFixed(0)],
      ...[received.p50, received.p95, received.p99, acknowledged.p50, acknowledged.p95, acknowledged.p99].map(ms),
      Object.values(failed).reduce((sum, each) => sum + each, 0),
    ].join(" | "),
  );
  const { gateway, invoke, query, post, total, received: whole } = emulationMs;
  return [
    "| publications/s | achieved/s | received p50 ms | p95 | p99 | acknowledged p50 ms | p95 | p99 | failed |",
    "|--:|--:|--:|--:|--:|--:|--:|--:|--:|",
    ...rows.map((row) => `| ${row} |`),
    "",
    `One publisher, ${count} subscribers, one run on loopback: no TLS and no network of AWS's. Times are from when a publication was due, not from when it left. ${saturatedAt === null ? "The machine kept up with every rate." : `At ${saturatedAt} a second the machine no longer keeps up: that row shows a queue that grows.`}`,
    "",
    `The emulation's share, of one publication at a time: ${ms(total)} ms of ${ms(whole)} ms (gateway ${ms(gateway)}, invoking a function ${ms(invoke)}, a Query ${ms(query)}, a POST until its frame arrives ${ms(post)}). What is left, ${ms(whole - total)} ms, is the work of the publish function and the SDKs. In AWS the latency is what AWS takes for these same calls, and that work.`,
  ].join("\n");
};

/** Measures publish to received and to acknowledged, at increasing rates. */
export const latency: Benchmark<LatencyResult> = {
  summary: "publish → received and → acknowledged at rising rates, the emulation's share listed apart",
  options: {
    seconds: { help: `how long each rate lasts; default ${SECONDS}` },
    subscribers: { help: `of the one channel; default ${SUBSCRIBERS}` },
  },
  run: (context, options) =>
    measureLatency(context, {
      rates: RATES,
      seconds: numberOption(options, "seconds", { defaultValue: SECONDS, max: 60 }),
      subscribers: integerOption(options, "subscribers", { defaultValue: SUBSCRIBERS, max: 100 }),
      probes: PROBES,
    }),
  table,
  charts: ({ rates }) => [
    {
      name: "latency",
      alt: "Latency by publications a second, on loopback: the figures are in the table below",
      svg: lineChart({
        title: "Latency on loopback, without TLS and AWS's network",
        x: { label: "publications a second", log: true },
        y: { label: "ms", log: true },
        series: (["received", "acknowledged"] as const).flatMap((what) =>
          (["p50", "p99"] as const).map((rank) => ({
            name: `${what} ${rank}`,
            points: rates.map((rate) => [rate.perSecond, rate[what][rank]] as const),
            dashed: rank === "p99",
          })),
        ),
      }),
    },
  ],
};
