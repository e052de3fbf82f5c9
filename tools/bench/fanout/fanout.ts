import { join } from "node:path";
import type { Benchmark, BenchContext, Chart } from "../benchmark.js";
import { barChart } from "../charts/charts.js";
import { type DeliveryMethod, DELIVERY_METHODS } from "./delivery-methods.js";
import type { PublishTimes } from "./poster.js";
import { BundledProcesses } from "./bundled-processes.js";
import { roundTo2, percentilesOf } from "../stats.js";

/** One publication, as the median of several. */
export interface DeliveryCost {
  /** From the first post to the last answer. */
  deliveriesPerSecond: number;
  /** CPU of the posting process, including the reads. */
  cpuMicrosPerDelivery: number;
  /** From the publication to the last answer, reading included. */
  lastDeliveryMs: number;
  /** The part until the first post. */
  readMs: number;
}

/** The results of all methods for one number of subscribers. */
export type FanOutResult = { subscribers: number } & Record<DeliveryMethod, DeliveryCost>;

/** Publications for each number of subscribers and method, after one warm-up. */
const ROUNDS: ReadonlyMap<number, number> = new Map([
  [100, 15],
  [1_000, 7],
  [10_000, 3],
]);

/** A Lambda environment. Its session token is as long as in AWS. */
const ENVIRONMENT = {
  AWS_REGION: "eu-west-1",
  AWS_ACCESS_KEY_ID: "AKIDEXAMPLE",
  AWS_SECRET_ACCESS_KEY: "example-key",
  AWS_SESSION_TOKEN: "t".repeat(900),
};

const median = (published: readonly PublishTimes[], of: (each: PublishTimes) => number): number =>
  percentilesOf(published.map(of)).p50;

const summary = (subscribers: number, published: readonly PublishTimes[]): DeliveryCost => ({
  deliveriesPerSecond: roundTo2((subscribers * 1_000) / median(published, ({ postMs }) => postMs)),
  cpuMicrosPerDelivery: roundTo2(median(published, ({ cpuMicros }) => cpuMicros) / subscribers),
  lastDeliveryMs: median(published, ({ readMs, postMs }) => readMs + postMs),
  readMs: median(published, ({ readMs }) => readMs),
});

/**
 * Measures. Each method has a process for each number of subscribers. They take turns, so that disturbances affect all
 * alike.
 * @param rounds publications for each number of subscribers
 */
export const measureFanOut = async ({ root, progress }: BenchContext, rounds = ROUNDS): Promise<FanOutResult[]> => {
  const processes = new BundledProcesses(root);
  const total = [...rounds].reduce((sum, [subscribers, times]) => sum + subscribers * (times + 1), 0);
  let done = 0;
  try {
    const [stub, { port }] = await processes.start<{ port: number }>(
      processes.bundle(join(__dirname, "stub.ts")),
      [],
      {},
    );
    const program = processes.bundle(join(__dirname, "poster.ts"));
    const results: FanOutResult[] = [];
    for (const [subscribers, times] of rounds) {
      const published: Record<DeliveryMethod, PublishTimes[]> = { pushIt: [], rawHttp: [], sdk: [], awsSample: [] };
      const start = (path: DeliveryMethod) => processes.start(program, [path, `http://127.0.0.1:${port}`], ENVIRONMENT);
      const posters = await Promise.all(DELIVERY_METHODS.map(async (path) => [path, (await start(path))[0]] as const));
      for (let round = 0; round <= times; round += 1) {
        for (const [path, poster] of posters) {
          const one = await poster.request<PublishTimes>({ subscribers });
          const { posts } = await stub.request<{ posts: number }>({});
          if (posts !== subscribers) throw new Error(`${path} posted ${posts} times to ${subscribers} subscribers`);
          if (round > 0) published[path].push(one);
          progress((done += subscribers / DELIVERY_METHODS.length) / total);
        }
      }
      const cell = (path: DeliveryMethod): DeliveryCost => summary(subscribers, published[path]);
      results.push({
        subscribers,
        pushIt: cell("pushIt"),
        rawHttp: cell("rawHttp"),
        sdk: cell("sdk"),
        awsSample: cell("awsSample"),
      });
    }
    return results;
  } finally {
    await processes.close();
  }
};

const LABEL: Record<DeliveryMethod, string> = {
  pushIt: "Push-It's fan-out",
  rawHttp: "`node:http`, not signed",
  sdk: "the SDK, `Promise.all`",
  awsSample: "AWS's chat sample: Scan, the SDK, `Promise.all`",
};

/** Short labels for the legend. */
const SHORT: Record<DeliveryMethod, string> = {
  pushIt: "Push-It",
  rawHttp: "node:http, not signed",
  sdk: "the SDK",
  awsSample: "AWS's chat sample",
};

const whole = (value: number): string => Math.round(value).toLocaleString("en");

const table = (results: FanOutResult[]): string => {
  const rows = results.flatMap(({ subscribers, ...ways }) =>
    DELIVERY_METHODS.map((path) => {
      const { deliveriesPerSecond, cpuMicrosPerDelivery, lastDeliveryMs, readMs } = ways[path];
      const read = path === "pushIt" || path === "awsSample" ? whole(readMs) : "–";
      return `| ${whole(subscribers)} | ${LABEL[path]} | ${whole(deliveriesPerSecond)} | ${whole(cpuMicrosPerDelivery)} | ${whole(lastDeliveryMs)} | ${read} |`;
    }),
  );
  return [
    "| subscribers | way | deliveries/s | CPU, µs per delivery | last delivery, ms | of that reading, ms |",
    "|--:|---|--:|--:|--:|--:|",
    ...rows,
    "",
    "One publication of about 170 bytes, one process posting, medians of one run on loopback, without TLS and without AWS: compare the ways, not the figures with AWS. The server is a stub in a process of its own that takes every frame. Who the subscribers are is read through the SDK from pages that were made before, so that no database is measured; deliveries a second are counted from the first post on, CPU and time to the last delivery include reading. The two ways without a table know their subscribers from the beginning.",
  ].join("\n");
};

const charts = (results: FanOutResult[]): Chart[] => [
  {
    name: "fanout",
    alt: "CPU of the posting process for one delivery, by subscribers and way, on loopback: the figures are in the table below",
    svg: barChart({
      title: "CPU of the posting process for one delivery",
      unit: "µs",
      groups: results.map(({ subscribers }) => `${whole(subscribers)} subscribers`),
      series: DELIVERY_METHODS.map((path) => ({
        name: SHORT[path],
        values: results.map((result) => Math.round(result[path].cpuMicrosPerDelivery)),
      })),
    }),
  },
];

/** Compares the cost of a fan-out with other ways to post. */
export const fanout: Benchmark<FanOutResult[]> = {
  summary: "one publish to 100, 1,000 and 10,000 subscribers, beside raw HTTP, the SDK and AWS's sample",
  run: (context) => measureFanOut(context),
  table,
  charts,
};
