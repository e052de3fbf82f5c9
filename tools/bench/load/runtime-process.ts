import { join } from "node:path";
import { startSystem } from "../../../local/dev/system/start-system.js";
import type { CallerCredentials } from "../../../local/core/credentials.js";
import type { InvocationReport } from "../../../local/services/lambda/runtime/pool.js";
import { EMPTY_FUNCTION } from "./assembly.js";
import { serve } from "./child.js";

/** How to run it. */
export interface RuntimeArguments {
  root: string;
  /** A cloud assembly. */
  assembly: string;
}

/** Where the parts of the running system are, and who may call them. */
export interface RuntimeInfo {
  websocketUrl: string;
  managementUrl: string;
  dynamodbUrl: string;
  table: string;
  /** The publish function's. */
  credentials: CallerCredentials;
  pid: number;
}

/** What a process has used. */
export interface Usage {
  /** All memory that it has, in bytes, and what of it is the heap. */
  rss: number;
  heap: number;
  cpuMs: number;
}

/** What the process that runs the system can be asked. */
export interface RuntimeOperations {
  info(): RuntimeInfo;
  usage(): Usage;
  /** Runs the empty function: how long that took, in milliseconds. */
  invokeEmpty(): Promise<number>;
  /** Invocations of a route's function since this was asked last: how long each took, and whose frame it was. */
  invocations(route: string): { ms: number; connectionId: string }[];
}

const connectionOf = (event: unknown): string =>
  (event as { requestContext?: { connectionId?: string } }).requestContext?.connectionId ?? "";

/** Invocations that are remembered: what nobody asks for must not fill the memory that is measured. */
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
