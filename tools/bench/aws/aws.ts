import { randomUUID } from "node:crypto";
import { UserError } from "../../../local/core/user-error.js";
import { type AwsLoad, estimateCost } from "./estimate.js";
import type { Benchmark, BenchContext } from "../benchmark.js";
import { connectClient, connectSubscribers, type ConnectTarget } from "../load/clients.js";
import { publishAtRate, type RateResult } from "../load/publish-at-rate.js";
import { integerOption, numberOption, type Options } from "../options.js";

/** The result. */
export interface AwsResult extends RateResult {
  subscribers: number;
  bytes: number;
  /** The estimated cost of the run, in USD. */
  estimatedUsd: number;
}

/** The plan of a run. */
export interface AwsPlan extends AwsLoad, ConnectTarget {
  channel: string;
}

/** The environment variable with the credentials as JSON: other users could read a command line. */
export const CREDENTIALS_VARIABLE = "PUSH_IT_BENCH_CREDENTIALS";

/** Maximum cost without `--yes`, in USD. */
const MAX_UNCONFIRMED_USD = 0.1;

const DEFAULTS = { subscribers: 10, rate: 10, seconds: 30, bytes: 100 };
const LIMITS = { subscribers: 2_000, rate: 1_000, seconds: 3_600, bytes: 30_000 };

const parseUrl = (given: Options[string]): string => {
  if (typeof given !== "string")
    throw new UserError("aws needs --url.", "It is the stack's output: wss://….amazonaws.com/live");
  const url = URL.canParse(given) ? new URL(given) : undefined;
  if (!url || !["ws:", "wss:"].includes(url.protocol))
    throw new UserError("--url is not a WebSocket URL.", "Give one such as wss://….amazonaws.com/live");
  // Not repeated in the message, because the URL may contain a secret.
  if (url.username || url.password || url.search || url.hash) {
    throw new UserError(
      "--url contains more than an address.",
      `Credentials go into ${CREDENTIALS_VARIABLE}, as JSON.`,
    );
  }
  return given;
};

const parseCredentials = (json: string | undefined): unknown => {
  if (json === undefined) return undefined;
  try {
    return JSON.parse(json) as unknown;
  } catch {
    throw new UserError(`${CREDENTIALS_VARIABLE} is not JSON.`, `A string needs quotes: ${CREDENTIALS_VARIABLE}='"…"'`);
  }
};

/**
 * Parses the plan of a run.
 * @throws UserError if an option is missing or wrong, or if the run costs more than `MAX_UNCONFIRMED_USD` without
 * `--yes`
 */
export const parseAwsPlan = (options: Options, environment: Readonly<Record<string, string | undefined>>): AwsPlan => {
  const { channel = `bench/${randomUUID()}` } = options;
  const plan: AwsPlan = {
    url: parseUrl(options["url"]),
    credentials: parseCredentials(environment[CREDENTIALS_VARIABLE]),
    channel: String(channel),
    subscribers: integerOption(options, "subscribers", { defaultValue: DEFAULTS.subscribers, max: LIMITS.subscribers }),
    perSecond: numberOption(options, "rate", { defaultValue: DEFAULTS.rate, min: 0.1, max: LIMITS.rate }),
    seconds: numberOption(options, "seconds", { defaultValue: DEFAULTS.seconds, max: LIMITS.seconds }),
    bytes: integerOption(options, "bytes", { defaultValue: DEFAULTS.bytes, min: 0, max: LIMITS.bytes }),
  };
  const { usd } = estimateCost(plan);
  if (usd > MAX_UNCONFIRMED_USD && options["yes"] !== true) {
    throw new UserError(
      `${describeCost(plan)}.`,
      `That is more than ${MAX_UNCONFIRMED_USD.toFixed(2)} USD: add --yes if it is meant.`,
    );
  }
  return plan;
};

/** Describes the cost of a load. */
export const describeCost = (load: AwsLoad): string => {
  const { messages, usd } = estimateCost(load);
  const about = usd < 0.01 ? "less than 0.01" : `about ${usd.toFixed(2)}`;
  return `This run is ${messages.toLocaleString("en-US")} messages, and costs ${about} USD in the account of that stack (prices of us-east-1, free tiers not used)`;
};

/** Runs a load against a deployed stack. */
export const measureAws = async ({ progress }: Pick<BenchContext, "progress">, plan: AwsPlan): Promise<AwsResult> => {
  const clients: { disconnect(): void }[] = [];
  try {
    const hearing = await connectSubscribers(plan, plan.channel, plan.subscribers);
    clients.push(...hearing);
    const publisher = await connectClient(plan);
    clients.push(publisher);
    const { channel, perSecond, seconds, bytes } = plan;
    const published = await publishAtRate({
      publisher,
      subscribers: hearing,
      channel,
      perSecond,
      seconds,
      bytes,
      progress,
    });
    return { ...published, subscribers: plan.subscribers, bytes, estimatedUsd: estimateCost(plan).usd };
  } finally {
    for (const client of clients) client.disconnect();
  }
};

const table = (result: AwsResult): string => {
  const { received, acknowledged, complete, failed, missing } = result;
  const rows = Object.entries({
    "publish → received": received,
    "publish → received by all": complete,
    "publish → acknowledged": acknowledged,
  }).map(([what, { p50, p95, p99 }]) => `| ${what} | ${[p50, p95, p99].map((each) => each.toFixed(1)).join(" | ")} |`);
  const failures = Object.entries(failed).map(([code, count]) => `${count} × ${code}`);
  return [
    "| | p50 ms | p95 ms | p99 ms |",
    "|---|--:|--:|--:|",
    ...rows,
    "",
    `${result.published} publications at ${result.perSecond} a second (${result.achievedPerSecond} achieved) to ${result.subscribers} subscribers, ${result.bytes} bytes each; failed: ${failures.join(", ") || "none"}; messages missing: ${missing}. Times are from when a publication was due, by one clock: publisher and subscribers are one process, and the way from it to the Region and back is in every figure.`,
  ].join("\n");
};

/** The load of `latency`, against a deployed stack. */
export const aws: Benchmark<AwsResult> = {
  summary: `the same load against a deployed stack, which costs money; credentials: ${CREDENTIALS_VARIABLE}, as JSON`,
  options: {
    url: { help: "the stack's WebSocket URL; must be given" },
    subscribers: { help: `default ${DEFAULTS.subscribers}, at most ${LIMITS.subscribers}` },
    rate: { help: `publications a second; default ${DEFAULTS.rate}; above 100 the stack's limits must allow it` },
    seconds: { help: `default ${DEFAULTS.seconds}` },
    bytes: { help: `of a message's data; default ${DEFAULTS.bytes}` },
    channel: {
      help: "one that these credentials may subscribe to and publish on; default a new one below bench/",
    },
    yes: { help: `run even where it costs more than ${MAX_UNCONFIRMED_USD.toFixed(2)} USD`, flag: true },
  },
  run(context, options) {
    const plan = parseAwsPlan(options, process.env);
    process.stderr.write(`${describeCost(plan)}.\n`);
    return measureAws(context, plan);
  },
  table,
};
