import { join } from "node:path";
import { startSystem } from "../../../local/dev/system/start-system.js";
import type { CallerCredentials } from "../../../local/core/credentials.js";
import type { InvocationReport } from "../../../local/services/lambda/runtime/pool.js";
import { EMPTY_FUNCTION } from "./assembly.js";
import { serve } from "./child.js";

/** The arguments of the process. */
export interface RuntimeArguments {
  root: string;
  /** A cloud assembly. */
  assembly: string;
}

/** The addresses of the running system, and credentials to call it. */
export interface RuntimeInfo {
  websocketUrl: string;
  managementUrl: string;
  dynamodbUrl: string;
  table: string;
  /** The credentials of the publish function. */
  credentials: CallerCredentials;
  pid: number;
}

/** The resource usage of a process. */
export interface Usage {
  /** Total memory in bytes, and the heap. */
  rss: number;
  heap: number;
  cpuMs: number;
}

/** The operations of the process with the system. */
export interface RuntimeOperations {
  info(): RuntimeInfo;
  usage(): Usage;
  /** Invokes the empty function. Returns the duration in milliseconds. */
  invokeEmpty(): Promise<number>;
  /** The invocations of a route's function since the last call: duration and connection of each. */
  invocations(route: string): { ms: number; connectionId: string }[];
}

const connectionOf = (event: unknown): string =>
  (event as { requestContext?: { connectionId?: string } }).requestContext?.connectionId ?? "";

/** Maximum stored invocations, so that they do not grow the measured memory. */
const REMEMBERED = 1000;

void serve(async ({ root, assembly }: RuntimeArguments) => {
  const reports: InvocationReport[] = [];
  const system = await startSystem({
    project: root,
    dist: join(root, "local/dist"),
    assembly,
    permissionsLog: false,
    log: () => undefined,
    report: (report) => {
      reports.push(report);
      if (reports.length > REMEMBERED) reports.shift();
    },
  });
  const { routes } = system.model.api;
  const empty = system.model.functions.find(({ logicalId }) => logicalId.startsWith(EMPTY_FUNCTION));
  const works: RuntimeOperations = {
    info: () => ({
      websocketUrl: system.websocketUrl,
      managementUrl: system.managementUrl,
      dynamodbUrl: system.endpoints["AWS_ENDPOINT_URL_DYNAMODB"] ?? "",
      table: system.model.tables[0]?.name ?? "",
      credentials: system.credentials.of(routes["publish"]?.functionId ?? ""),
      pid: process.pid,
    }),
    usage: () => {
      globalThis.gc?.();
      const { user, system: kernel } = process.cpuUsage();
      return { rss: process.memoryUsage.rss(), heap: process.memoryUsage().heapUsed, cpuMs: (user + kernel) / 1000 };
    },
    async invokeEmpty() {
      const begun = performance.now();
      await system.invoke(empty?.logicalId ?? "", {});
      return performance.now() - begun;
    },
    invocations: (route) =>
      reports
        .splice(0)
        .filter(({ functionId }) => functionId === routes[route]?.functionId)
        .map(({ ms, event }) => ({ ms, connectionId: connectionOf(event) })),
  };
  return { works, close: () => system.close() };
});
