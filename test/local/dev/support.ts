import { writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { WebSocket } from "ws";
import type { InvocationReport } from "../../../local/services/lambda/runtime/pool.js";
import type { LogEntry } from "../../../local/core/log.js";
import type { SystemOptions } from "../../../local/dev/system/options.js";
import { startSystem } from "../../../local/dev/system/start-system.js";
import type { System } from "../../../local/dev/system/system.js";
import { construct, removeFolders, writeAssembly } from "../assembly/support.js";

const DIST = resolve(__dirname, "../../../local/dist");

/** A running fixture, and the reports that it made. */
export interface Running {
  system: System;
  assembly: string;
  log: LogEntry[];
  reports: InvocationReport[];
  reloaded: string[][];
}

const running: System[] = [];

/** Writes an assembly whose one function has this source; guards can be put next to it. */
export const writeFixture = (source: string, variables: Record<string, string> = {}): string => {
  const resources = construct();
  const environment = resources.Fn!.Properties!.Environment as { Variables: object };
  Object.assign(environment.Variables, variables);
  const assembly = writeAssembly({ name: "App", template: { Resources: resources } });
  writeFileSync(join(assembly, "asset.0123abcd/index.mjs"), source);
  writeFileSync(join(assembly, "asset.0123abcd/guard-worker.mjs"), "");
  return assembly;
};

/** Starts a fixture. */
export const start = async (assembly: string, options: Partial<SystemOptions> = {}): Promise<Running> => {
  const told = { log: [] as LogEntry[], reports: [] as InvocationReport[], reloaded: [] as string[][] };
  const system = await startSystem({
    project: assembly,
    dist: DIST,
    assembly,
    log: (entry) => told.log.push(entry),
    report: (report) => told.reports.push(report),
    reloaded: (functions) => told.reloaded.push(functions),
    ...options,
  });
  running.push(system);
  return { system, assembly, ...told };
};

/** Ends everything that was started. */
export const stopAll = async (): Promise<void> => {
  for (const system of running.splice(0)) await system.close();
  removeFolders();
};

/** An open socket. */
export const open = (url: string): Promise<WebSocket> =>
  new Promise((done, fail) => {
    const socket = new WebSocket(url);
    socket.once("open", () => done(socket)).once("error", fail);
  });

/** The function's response to a frame. */
export const ask = (socket: WebSocket, frame: object): Promise<unknown> =>
  new Promise((done) => {
    socket.once("message", (data: Buffer) => done(JSON.parse(data.toString())));
    socket.send(JSON.stringify(frame));
  });

/** Resolves as soon as `ready` is true. */
export const until = async (ready: () => boolean): Promise<void> => {
  for (const end = Date.now() + 10_000; !ready(); await new Promise((next) => setTimeout(next, 10))) {
    if (Date.now() > end) throw new Error(`It never became true: ${ready.toString()}`);
  }
};
