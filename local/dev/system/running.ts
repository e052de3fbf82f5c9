import { randomUUID } from "node:crypto";
import { join } from "node:path";
import type { ReadSystem } from "../../assembly/read-system.js";
import { completeEvent } from "../../services/events/event.js";
import { DEFAULT_BUS } from "../../assembly/model/rules.js";
import { Events } from "../../services/events/buses.js";
import { UserError } from "../../core/user-error.js";
import type { ExecutionEnvironments } from "../../core/execution-environments.js";
import type { Permissions } from "../../core/authorization/permissions.js";
import { Signatures } from "../../core/authorization/signatures.js";
import type { Gateway } from "../../services/gateway/gateway.js";
import type { CallerCredentials, Credentials } from "../../core/credentials.js";
import type { ProcessReaper } from "../../core/process-reaper.js";
import { LambdaRuntime } from "../../services/lambda/runtime/runtime.js";
import type { Meter } from "../../meter/meter.js";
import type { InvokeResult } from "../../core/invoker.js";
import { nodePath } from "../../core/packages.js";
import { scheduledEvent, Schedules } from "../../services/schedule/schedules.js";
import type { SqsService } from "../../services/sqs/api/service.js";
import type { FunctionUrls } from "../../services/urls/server.js";
import { type Backends, startBackends } from "./backends.js";
import type { CleanupStack } from "./cleanup-stack.js";
import { infoOf, meterInfo } from "../pages/info.js";
import { type Lambda, startLambda } from "../../services/lambda/start.js";
import { authorizer, permissionsOf } from "./permissions.js";
import { listen } from "./listen.js";
import type { SystemOptions } from "./options.js";
import type { Ports } from "./ports.js";
import { QUOTA_PROFILES } from "./quotas.js";
import { pages } from "../pages/pages.js";
import { postedEvents } from "../pages/posted-events.js";
import { type RunningQueues, startQueues } from "../../services/sqs/start.js";
import { Reloads } from "../app/reloads.js";
import { isStarter, type Source } from "../app/source.js";
import type { System } from "./system.js";

/** What a system is put together from. */
export interface SystemParts {
  options: SystemOptions;
  source: Source;
  guardian: ProcessReaper;
  closers: CleanupStack;
  credentials: Credentials;
  urls: FunctionUrls;
  sqs: SqsService;
  ports: Ports;
  meter: Meter | undefined;
}

/** A system whose parts know each other. */
export class RunningSystem implements System {
  readonly credentials: Credentials;
  readonly #runtime: LambdaRuntime;
  readonly #schedules: Schedules;
  readonly #queues: RunningQueues;
  readonly #reloads: Reloads;
  #gateway: Gateway | undefined;
  #lambda: Lambda | undefined;

  /** Loads, starts and connects everything; what it has started before it fails is left to the closers. */
  static async start(parts: SystemParts): Promise<RunningSystem> {
    const { options, source, guardian, closers, credentials, meter, ports } = parts;
    const first = await source.load();
    const loaded = { current: first };
    const [functions, tables] = [() => loaded.current.model.functions, () => loaded.current.model.tables];
    const { place } = first;
    const permissions = permissionsOf(options, () => loaded.current);
    const { log } = options;
    const invokeAsync = (functionId: string, event: unknown) =>
      system.#lambda?.enqueue(functionId, event, randomUUID());
    const events = new Events({ place, invokeAsync, log });
    const context = { options, log, place, credentials, guardian, closers, permissions, meter, ports };
    const environments: ExecutionEnvironments = {
      kill: (accessKeyId) => system.#runtime.environments.kill(accessKeyId),
      freeze: (accessKeyId) => system.#runtime.environments.freeze(accessKeyId),
    };
    const backends = await startBackends({ ...context, functions, tables, events, environments });
    await backends.createTables(first.model.tables);
    const system = new RunningSystem(parts, backends, loaded, permissions, events);
    const [model, invoker] = [() => system.model, system.#runtime];
    system.#lambda = await startLambda({ ...context, model, invoker });
    await system.#listen();
    // Only now is everything there that functions may call.
    system.#queues.set(system.model);
    return system;
  }

  private constructor(
    private readonly parts: SystemParts,
    private readonly backends: Backends,
    private readonly loaded: { current: ReadSystem },
    private readonly permissions: Permissions,
    private readonly events: Events,
  ) {
    const { options, source, closers, credentials } = parts;
    const { model, place } = loaded.current;
    this.credentials = credentials;
    this.#runtime = this.#startRuntime();
    this.#queues = startQueues({ ...parts, permissions, invoker: this.#runtime });
    closers.add(() => this.#queues.close());
    closers.add(() => this.#runtime.close());
    closers.add(() => this.#queues.stop());
    this.#schedules = new Schedules(this.#runtime, place, options.sweepEveryMs);
    this.#schedules.set(model.schedules);
    closers.add(() => this.#schedules.close());
    this.events.set(model);
    this.#serveUrls();
    this.#reloads = new Reloads(source, options, (next) => this.#apply(next));
    closers.add(() => this.#reloads.close());
  }

  get model() {
    return this.loaded.current.model;
  }

  get place() {
    return this.loaded.current.place;
  }

  get guardModule() {
    return this.parts.source.guardModule?.entry;
  }

  get dynamodb() {
    return this.backends.dynamodb;
  }

  get websocketUrl() {
    return this.#gateway?.websocketUrl ?? "";
  }

  get managementUrl() {
    return this.#gateway?.managementUrl ?? "";
  }

  get consoleUrl() {
    return `http://${this.parts.ports.addresses.shown}:${this.#gateway?.port ?? ""}/`;
  }

  get meter() {
    return this.parts.meter;
  }

  get pids() {
    return this.#runtime.pids;
  }

  get connections() {
    return this.#gateway?.connections ?? [];
  }

  cut(connectionId: string): boolean {
    return this.#gateway?.cut(connectionId) ?? false;
  }

  invoke(functionId: string, event: unknown): Promise<InvokeResult> {
    return this.#runtime.invoke(functionId, event);
  }

  kill(functionId: string): number {
    return this.#runtime.kill(functionId);
  }

  get endpoints() {
    return {
      ...this.backends.endpoints,
      AWS_ENDPOINT_URL_SQS: this.parts.sqs.endpoint,
      AWS_ENDPOINT_URL_LAMBDA: this.#lambdaUrl("local"),
      AWS_ENDPOINT_URL_APIGATEWAYMANAGEMENTAPI: this.managementUrl,
    };
  }

  get lambdaUrl() {
    return this.#lambdaUrl("shown");
  }

  get ports() {
    return this.parts.ports.all;
  }

  get functionUrls() {
    return this.parts.urls.addresses;
  }

  emit(event: unknown): string[] {
    const complete = completeEvent(event);
    if (!complete) throw new UserError("This is no complete event.", "It takes everything from version to detail.");
    return this.events.put(DEFAULT_BUS, complete);
  }

  credentialsOf(logicalId: string): CallerCredentials {
    const { roles, users } = this.model;
    const has = (each: { logicalId: string }) => each.logicalId === logicalId;
    if (roles.some(has)) return this.credentials.of(logicalId);
    if (users.some(has)) return this.credentials.ofUser(logicalId);
    throw new UserError(`The stack has no role and no user ${logicalId}.`);
  }

  runSchedules(): Promise<InvokeResult[]> {
    const { model, place } = this.loaded.current;
    const run = (each: (typeof model.schedules)[number]) =>
      this.#runtime.invoke(each.functionId, scheduledEvent(each, place, new Date()));
    return Promise.all(model.schedules.map(run));
  }

  reload(): Promise<void> {
    return this.#reloads.reload();
  }

  close(): Promise<void> {
    return this.parts.closers.close();
  }

  #lambdaUrl(from: "local" | "shown"): string {
    return this.#lambda ? `http://${this.parts.ports.addresses[from]}:${this.#lambda.port}` : "";
  }

  #startRuntime(): LambdaRuntime {
    const { options, guardian, credentials, meter } = this.parts;
    const { model, place } = this.loaded.current;
    return new LambdaRuntime(model.functions, {
      bootstraps: { node: join(options.dist, "bootstrap.mjs"), python: join(options.dist, "bootstrap.py") },
      libraries: nodePath(options.project),
      place,
      credentials,
      guardian,
      log: options.log,
      endpoints: () => this.endpoints,
      ...(options.report && { report: options.report }),
      ...(meter && { meter }),
      ...(options.quotas && { concurrency: QUOTA_PROFILES[options.quotas].concurrency }),
      ...(options.faults && { faults: options.faults }),
      ...(options.maxEnvironments !== undefined && { maxEnvironments: options.maxEnvironments }),
    });
  }

  #serveUrls(): void {
    const { urls, credentials } = this.parts;
    urls.set(this.model.urls);
    for (const [logicalId, url] of Object.entries(urls.addresses))
      this.parts.options.log({ level: "info", source: logicalId, message: `is served at ${url}` });
    urls.serve({
      invoker: this.#runtime,
      permissions: this.permissions,
      signatures: new Signatures(credentials, "lambda"),
      resourcePermissions: () => this.model.permissions,
    });
  }

  async #listen(): Promise<void> {
    const { options, credentials, closers, meter, ports } = this.parts;
    const { dist, log, faults = {} } = options;
    const limits = { ...(options.quotas && QUOTA_PROFILES[options.quotas].gateway), ...options.limits };
    const info = () =>
      infoOf(this.model, { ...options, starter: isStarter(options) }, this.dynamodb, this.websocketUrl);
    const secretFor = (accessKeyId: string) => credentials.secretFor(accessKeyId);
    const fallback = pages({
      dist,
      info,
      events: postedEvents((event) => this.emit(event)),
      meter: meter && (() => meterInfo(meter)),
    });
    const gateway = await listen({
      api: this.model.api,
      invoker: this.#runtime,
      port: 0,
      server: ports.server("gateway"),
      host: ports.addresses.local,
      shownHost: ports.addresses.shown,
      limits,
      log,
      fallback,
      secretFor,
      authorize: authorizer(credentials, this.permissions, () => this.model.api.apiId),
      faults,
      meter,
    });
    this.#gateway = gateway;
    closers.add(() => gateway.close());
  }

  /** The API first: it is what can refuse, and then nothing has changed. */
  async #apply(next: ReadSystem): Promise<void> {
    this.#gateway?.update(next.model.api);
    await this.backends.createTables(next.model.tables);
    const changed = this.#runtime.update(next.model.functions);
    this.#schedules.set(next.model.schedules);
    this.events.set(next.model);
    this.parts.urls.set(next.model.urls);
    this.loaded.current = next;
    this.#queues.set(next.model);
    if (changed.length > 0) this.parts.options.reloaded?.(changed);
  }
}
