import type { ReadSystem } from "../../assembly/read-system.js";
import type { CallerCredentials } from "../../core/credentials.js";
import type { InvokeResult } from "../../core/invoker.js";
import { UserError } from "../../core/user-error.js";
import type { Gateway } from "../../services/gateway/gateway.js";
import { completeEvent } from "../../services/events/event.js";
import { scheduledEvent } from "../../services/schedule/schedules.js";
import { DEFAULT_BUS } from "../../assembly/model/rules.js";
import { Reloads } from "../app/reloads.js";
import type { SystemParts } from "./parts.js";
import { startWebSocketApi } from "./start-gateway.js";
import { type Services, startServices } from "./start-services.js";
import type { System } from "./system.js";

/** The state that a reload replaces. */
interface Loaded {
  current: ReadSystem;
}

/** A running system. */
export class RunningSystem implements System {
  readonly #reloads: Reloads;

  /** Loads the app and starts everything. If that fails, the cleanup stack ends all started parts. */
  static async start(parts: SystemParts): Promise<RunningSystem> {
    const loaded: Loaded = { current: await parts.source.load() };
    const context = { ...parts, current: () => loaded.current };
    const services = await startServices(context);
    const emit = (event: unknown): string[] => emitOn(services, event);
    const gateway = await startWebSocketApi(context, services, emit);
    parts.cleanup.add(() => gateway.close());
    services.endpoints["AWS_ENDPOINT_URL_APIGATEWAYMANAGEMENTAPI"] = gateway.managementUrl;
    const system = new RunningSystem(parts, services, gateway, loaded);
    // The pollers invoke functions, and these may call any service. So they start last.
    services.queues.set(system.model);
    return system;
  }

  private constructor(
    private readonly parts: SystemParts,
    private readonly services: Services,
    private readonly gateway: Gateway,
    private readonly loaded: Loaded,
  ) {
    const { source, options, cleanup } = parts;
    this.#reloads = new Reloads(source, options, (next) => this.#apply(next));
    cleanup.add(() => this.#reloads.close());
  }

  get model() {
    return this.loaded.current.model;
  }

  get place() {
    return this.loaded.current.place;
  }

  get credentials() {
    return this.parts.credentials;
  }

  get guardModule() {
    return this.parts.source.guardModule?.entry;
  }

  get dynamodb() {
    return this.services.dynamodb.engine;
  }

  get websocketUrl() {
    return this.gateway.websocketUrl;
  }

  get managementUrl() {
    return this.gateway.managementUrl;
  }

  get consoleUrl() {
    return `http://${this.parts.ports.addresses.shown}:${this.gateway.port}/`;
  }

  get meter() {
    return this.parts.meter;
  }

  get pids() {
    return this.services.runtime.pids;
  }

  get connections() {
    return this.gateway.connections;
  }

  get endpoints() {
    return { ...this.services.endpoints };
  }

  get lambdaUrl() {
    return `http://${this.parts.ports.addresses.shown}:${this.services.lambda.port}`;
  }

  get ports() {
    return this.parts.ports.all;
  }

  get functionUrls() {
    return this.parts.urls.addresses;
  }

  cut(connectionId: string): boolean {
    return this.gateway.cut(connectionId);
  }

  invoke(functionId: string, event: unknown): Promise<InvokeResult> {
    return this.services.runtime.invoke(functionId, event);
  }

  kill(functionId: string): number {
    return this.services.runtime.kill(functionId);
  }

  emit(event: unknown): string[] {
    return emitOn(this.services, event);
  }

  credentialsOf(logicalId: string): CallerCredentials {
    const { roles, users } = this.model;
    const has = (each: { logicalId: string }) => each.logicalId === logicalId;
    if (roles.some(has)) return this.credentials.of(logicalId);
    if (users.some(has)) return this.credentials.ofUser(logicalId);
    throw new UserError(`The stack has no role or user ${logicalId}.`);
  }

  runSchedules(): Promise<InvokeResult[]> {
    const { model, place } = this.loaded.current;
    const run = (each: (typeof model.schedules)[number]) =>
      this.invoke(each.functionId, scheduledEvent(each, place, new Date()));
    return Promise.all(model.schedules.map(run));
  }

  reload(): Promise<void> {
    return this.#reloads.reload();
  }

  close(): Promise<void> {
    return this.parts.cleanup.close();
  }

  /** Updates the API first: only the API can refuse the new model, and then no part has changed. */
  async #apply(next: ReadSystem): Promise<void> {
    const { dynamodb, runtime, schedules, buses, queues } = this.services;
    this.gateway.update(next.model.api);
    await dynamodb.createTables(next.model.tables);
    const changed = runtime.update(next.model.functions);
    schedules.set(next.model.schedules);
    buses.set(next.model);
    this.parts.urls.set(next.model.urls);
    this.loaded.current = next;
    queues.set(next.model);
    if (changed.length > 0) this.parts.options.reloaded?.(changed);
  }
}

const emitOn = ({ buses }: Services, event: unknown): string[] => {
  const complete = completeEvent(event);
  if (complete) return buses.put(DEFAULT_BUS, complete);
  throw new UserError("The event is incomplete.", 'All fields from "version" to "detail" are required.');
};
