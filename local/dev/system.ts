import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ReadSystem } from "../assembly/index.js";
import { type DynamoDb, startDynamoDb } from "../dynamodb/engine.js";
import type { Signer } from "../dynamodb/request.js";
import { createTables } from "../dynamodb/tables.js";
import { Failure, messageOf } from "../failure.js";
import { type Gateway, startGateway } from "../gateway/index.js";
import { Credentials } from "../lambda/credentials.js";
import { Guardian } from "../lambda/guardian.js";
import { LambdaRuntime } from "../lambda/runtime.js";
import type { Place } from "../lambda/variables.js";
import type { InvokeResult, SystemModel } from "../model.js";
import { Schedules, scheduledEvent } from "../schedule/schedules.js";
import { readSecrets } from "../secrets/file.js";
import { getSecretValue } from "../secrets/handler.js";
import { infoOf } from "./info.js";
import type { SystemOptions } from "./options.js";
import { pages } from "./pages.js";
import { Reloads } from "./reloads.js";
import { type Services, startServices } from "./services.js";
import { Source } from "./source.js";

/** A running system. */
export interface System {
  /** What is run; another one after a reload. */
  readonly model: SystemModel;
  /** The DynamoDB engine. */
  readonly dynamodb: DynamoDb;
  /** Such as `ws://127.0.0.1:8787/live`. */
  readonly websocketUrl: string;
  /** Where `@connections` is served. */
  readonly managementUrl: string;
  /** The console page. */
  readonly consoleUrl: string;
  /** Each function's credentials, which requests to `@connections` are verified by. */
  readonly credentials: Credentials;
  /** Ids of the functions' processes. */
  readonly pids: number[];
  /** Runs a function by its logical id. */
  invoke(functionId: string, event: unknown): Promise<InvokeResult>;
  /** Runs everything that is scheduled, once, now. */
  runSchedules(): Promise<InvokeResult[]>;
  /** Goes on with the app and the guards as they are now; rejects, and changes nothing, when they cannot be run. */
  reload(): Promise<void>;
  /** Ends everything, and leaves no process and no file. */
  close(): Promise<void>;
}

/**
 * Runs a Push-It from its synthesized template on this machine.
 * @throws Failure when it cannot be run, with the next step
 * @example
 * const system = await startSystem({ project: process.cwd(), dist: "dist", port: 0, log: () => undefined });
 * new WebSocket(system.websocketUrl, "push-it.v1");
 */
export const startSystem = async (options: SystemOptions): Promise<System> => {
  const closers: (() => unknown)[] = [];
  const close = async () => {
    for (const each of closers.splice(0).reverse()) await each();
  };
  try {
    return await assemble(options, closers, close);
  } catch (error) {
    await close();
    throw error;
  }
};

const assemble = async (options: SystemOptions, closers: (() => unknown)[], close: () => Promise<void>) => {
  checkPlatform();
  const { project, dist, log } = options;
  const folder = mkdtempSync(join(tmpdir(), "push-it-"));
  closers.push(() => rmSync(folder, { recursive: true, force: true }));
  const guardian = new Guardian();
  closers.push(() => guardian.close());
  const source = new Source(options, folder, (child) => guardian.watch(child));
  const credentials = new Credentials();

  let current: ReadSystem = await source.load();
  const { place } = current;
  const signers = signersOf(credentials, place);
  const dynamodb = await startDynamoDb(options.dynamodb ?? "embedded", { project, guardian, signers, log });
  closers.push(() => dynamodb.close());
  await createTables(dynamodb.endpoint, signers[0], current.model.tables);
  const services = await serveSecrets(options, credentials, () => current.model);
  closers.push(() => services.close());

  const runtime = new LambdaRuntime(current.model.functions, {
    bootstrap: join(dist, "local/bootstrap.mjs"),
    place,
    credentials,
    guardian,
    log,
    endpoints: () => ({
      AWS_ENDPOINT_URL_DYNAMODB: dynamodb.endpoint,
      AWS_ENDPOINT_URL_APIGATEWAYMANAGEMENTAPI: gateway.managementUrl,
      AWS_ENDPOINT_URL_SECRETS_MANAGER: services.endpoint,
    }),
    ...(options.report && { report: options.report }),
  });
  closers.push(() => runtime.close());
  const info = () => infoOf(current.model, options, dynamodb, gateway.websocketUrl);
  const gateway = await listen(options, current.model, runtime, credentials, pages({ dist, info }));
  closers.push(() => gateway.close());
  const schedules = new Schedules(runtime, place, options.sweepEveryMs);
  schedules.set(current.model.schedules);
  closers.push(() => schedules.close());

  const apply = async (next: ReadSystem): Promise<void> => {
    gateway.update(next.model.api);
    await createTables(dynamodb.endpoint, signers[0], next.model.tables);
    const changed = runtime.update(next.model.functions);
    schedules.set(next.model.schedules);
    current = next;
    if (changed.length > 0) options.reloaded?.(changed);
  };
  const reloads = new Reloads(source, options, apply);
  closers.push(() => reloads.close());

  return {
    get model() {
      return current.model;
    },
    get pids() {
      return runtime.pids;
    },
    dynamodb,
    credentials,
    websocketUrl: gateway.websocketUrl,
    managementUrl: gateway.managementUrl,
    consoleUrl: `http://127.0.0.1:${gateway.port}/`,
    invoke: (functionId: string, event: unknown) => runtime.invoke(functionId, event),
    runSchedules: () =>
      Promise.all(
        current.model.schedules.map((each) => runtime.invoke(each.functionId, scheduledEvent(each, place, new Date()))),
      ),
    reload: () => reloads.reload(),
    close,
  };
};

/** Freezing needs signals that Windows does not have. */
const checkPlatform = (): void => {
  if (process.platform !== "win32") return;
  throw new Failure("Functions cannot be frozen on Windows.", "Run this inside WSL: https://learn.microsoft.com/windows/wsl/install");
};

/** Two of them, to tell an engine that keeps tables apart by access key. */
const signersOf = (credentials: Credentials, { region }: Place): [Signer, Signer] => [
  { accessKeyId: credentials.of("push-it dev").accessKeyId, region },
  { accessKeyId: credentials.of("push-it dev, again").accessKeyId, region },
];

const serveSecrets = (options: SystemOptions, credentials: Credentials, model: () => SystemModel): Promise<Services> => {
  const { secrets: file, log } = options;
  const secrets = () => (file === undefined ? {} : readSecrets(file));
  // Read now, so that a mistake is told at once, and again whenever one is asked for.
  secrets();
  const functions = () => model().functions;
  return startServices(credentials, {
    "secretsmanager.GetSecretValue": (request) => getSecretValue(request, { functions, secrets, log }),
  });
};

const listen = async (
  options: SystemOptions,
  { api }: SystemModel,
  runtime: LambdaRuntime,
  credentials: Credentials,
  fallback: ReturnType<typeof pages>,
): Promise<Gateway> => {
  const { port = 0, limits = {}, log } = options;
  const secretFor = (accessKeyId: string) => credentials.secretFor(accessKeyId);
  try {
    return await startGateway({ api, invoker: runtime, port, limits, log, fallback, secretFor });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "EADDRINUSE") throw new Failure(`Port ${port} is taken.`, `Choose another: --port ${port + 1}, or --port 0 for any.`);
    if (code === "EACCES") throw new Failure(`Port ${port} may not be used.`, "Choose one above 1023: --port 8787");
    throw new Failure(`The WebSocket API cannot be served: ${messageOf(error)}`);
  }
};
