import { join } from "node:path";
import type { Benchmark, BenchContext } from "../benchmark.js";
import { Child } from "../load/child.js";
import { PUBLISH_INTERVAL_MS, CONNECTIONS_PER_CHANNEL } from "./raw-client-pool.js";
import type { PoolOperations } from "./raw-client-pool-process.js";
import { assertFileLimit } from "./open-files.js";
import { startLoadRuntime } from "../load/runtime.js";
import { integerOption, numberOption } from "../options.js";
import { roundTo2 } from "../stats.js";

/** The result. */
export interface ConnectionsResult {
  /** Connections that were open from the first to the last publication. */
  connections: number;
  /** Number of errors; 0 in a good run. */
  errors: number;
  errorsByKind: Record<string, number>;
  /** Time until all connections were open. */
  connectSeconds: number;
  /** Time for which they were held after that. */
  heldSeconds: number;
  published: number;
  received: number;
  /** Repeated messages: delivery is at least once. */
  repeated: number;
  /** Additional memory of the runtime's process for each connection: total, and the heap of its main thread. */
  bytesPerConnection: number;
  heapBytesPerConnection: number;
  /** Share of one core that the runtime's process used while connections were held. */
  coreShare: number;
}

/** The plan of a run. */
export interface ConnectionsPlan {
  connections: number;
  /** How long connections are held after all are open. */
  seconds: number;
}

const CONNECTIONS = 5_000;
const MAX_CONNECTIONS = 25_000;
const SECONDS = 60;

/** Connections for the warm-up of functions and code. */
const WARM_UP = CONNECTIONS_PER_CHANNEL;

/** Interval of the progress requests, in milliseconds. */
const POLL_INTERVAL_MS = 500;

/** The approximate share of connecting in a run. */
const CONNECT_SHARE = 0.5;

/** Calls `report` regularly while some work lasts. */
const withPolling = async <T>(work: Promise<T>, report: () => Promise<void>): Promise<T> => {
  const timer = setInterval(() => void report().catch(() => undefined), POLL_INTERVAL_MS);
  try {
    return await work;
  } finally {
    clearInterval(timer);
  }
};

/**
 * Measures.
 * @throws UserError if this user may not open enough files
 */
export const measureConnections = async (
  { root, progress }: BenchContext,
  plan: ConnectionsPlan,
): Promise<ConnectionsResult> => {
  assertFileLimit(plan.connections + WARM_UP);
  const runtime = await startLoadRuntime(root);
  const start = () =>
    Child.start<PoolOperations>(join(__dirname, "raw-client-pool-process.ts"), { url: runtime.websocketUrl });
  const pools: Child<PoolOperations>[] = [];
  try {
    const warm = await start();
    pools.push(warm);
    await warm.call("connect", WARM_UP);
    await warm.call("subscribe");
    await warm.call("hold", 2);
    const pool = await start();
    pools.push(pool);
    const before = await runtime.child.call("usage");
    const begun = performance.now();
    await withPolling(pool.call("connect", plan.connections), async () =>
      progress((CONNECT_SHARE * (await pool.call("state")).open) / plan.connections),
    );
    const connectSeconds = (performance.now() - begun) / 1000;
    const after = await runtime.child.call("usage");
    await pool.call("subscribe");
    const held = performance.now();
    const whole = plan.seconds * 1000;
    await withPolling(pool.call("hold", plan.seconds), () =>
      Promise.resolve(progress(CONNECT_SHARE + (1 - CONNECT_SHARE) * Math.min(1, (performance.now() - held) / whole))),
    );
    const heldMs = performance.now() - held;
    const { cpuMs } = await runtime.child.call("usage");
    const { open, published, received, repeated, errors } = await pool.call("state");
    const failures = Object.values(errors).reduce((sum, each) => sum + each, 0);
    progress(1);
    return {
      connections: open,
      // Closed and refused connections are counted as errors. This also counts connections without any event.
      errors: Math.max(failures, plan.connections - open),
      errorsByKind: errors,
      connectSeconds: roundTo2(connectSeconds),
      heldSeconds: roundTo2(heldMs / 1000),
      published,
      received,
      repeated,
      bytesPerConnection: Math.round((after.rss - before.rss) / plan.connections),
      heapBytesPerConnection: Math.round((after.heap - before.heap) / plan.connections),
      coreShare: roundTo2((cpuMs - after.cpuMs) / heldMs),
    };
  } finally {
    // The runtime first, so that connections do not report its end.
    await runtime.close();
    await Promise.all(pools.map((pool) => pool.stop()));
  }
};

const KB = 1024;

const table = (result: ConnectionsResult): string => {
  const { connections, errors, connectSeconds, heldSeconds, published, received, repeated, coreShare } = result;
  const rows = [
    ["connections held", connections.toLocaleString("en-US")],
    ["errors", String(errors)],
    ["until all were open", `${connectSeconds.toFixed(1)} s`],
    ["held", `${heldSeconds.toFixed(1)} s`],
    [
      "publications, and messages received",
      `${published.toLocaleString("en-US")}, ${received.toLocaleString("en-US")}`,
    ],
    ["messages that came again", String(repeated)],
    ["the runtime's memory for each connection", `${(result.bytesPerConnection / KB).toFixed(1)} KB`],
    ["of that, the heap of its main thread", `${(result.heapBytesPerConnection / KB).toFixed(1)} KB`],
    ["the runtime's process, while they are held", `${Math.round(coreShare * 100)} % of a core`],
  ];
  const kinds = Object.entries(result.errorsByKind).map(([kind, count]) => `${kind} (${count})`);
  return [
    "| | |",
    "|---|--:|",
    ...rows.map(([what, value]) => `| ${what} | ${value} |`),
    ...(kinds.length > 0 ? ["", `Errors: ${kinds.join(", ")}.`] : []),
    "",
    `One run on loopback, without TLS and without AWS. Each connection publishes every ${PUBLISH_INTERVAL_MS / 1000} s, spread evenly; one of every ${CONNECTIONS_PER_CHANNEL} is subscribed to what these publish. The memory is of the process that runs the gateway, the local DynamoDB (its rows included) and the runtime; the functions' processes and the clients' are others. In AWS a connection takes no memory of yours.`,
  ].join("\n");
};

/** How many connections the local runtime holds. */
export const connections: Benchmark<ConnectionsResult> = {
  summary: "connections held, each publishing once a minute; memory per connection",
  options: {
    connections: { help: `how many; default ${CONNECTIONS}` },
    seconds: { help: `how long they are held; default ${SECONDS}` },
  },
  run: (context, options) =>
    measureConnections(context, {
      connections: integerOption(options, "connections", { defaultValue: CONNECTIONS, max: MAX_CONNECTIONS }),
      seconds: numberOption(options, "seconds", { defaultValue: SECONDS, max: 3600 }),
    }),
  table,
};
