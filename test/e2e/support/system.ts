import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { App, Duration, Stack } from "aws-cdk-lib";
import { type GuardModuleProps, Guards, PushIt, type PushItProps } from "../../../infra/index.js";
import type { Template } from "../../../local/assembly/template/template.js";
import type { SystemOptions } from "../../../local/dev/system/options.js";
import { startSystem } from "../../../local/dev/system/start-system.js";
import type { System } from "../../../local/dev/system/system.js";
import type { InvocationReport } from "../../../local/services/lambda/runtime/pool.js";
import type { InvokeResult } from "../../../local/core/invoker.js";
import type { LogEntry } from "../../../local/core/log.js";
import { connectionOf, type Row, rowsOf } from "./rows.js";
import { Waiting } from "./waiting.js";
import { Wire, type WireOptions } from "./wire.js";

/** The parts of a test's system. */
export interface TestSystemOptions extends Partial<
  Pick<
    SystemOptions,
    "faults" | "limits" | "meter" | "environment" | "permissionsLog" | "asyncRetryScale" | "queueWaitScale" | "quotas"
  >
> {
  /** Secrets of the guard module, by name. */
  secrets?: Record<string, string>;
  /**
   * The construct's props, guards apart; where they need something of the stack, made with it. Guards have more time than
   * by default, where these do not say how much.
   */
  props?: Omit<PushItProps, "guards"> | ((stack: Stack) => Omit<PushItProps, "guards">);
  /** The source of a guard module. */
  guards?: string;
  /** The module's options, made with the stack. */
  guardProps?: (stack: Stack) => GuardModuleProps;
  /** Makes guards that are functions of the stack; together with `guards`, if there are any. */
  guardFunctions?: (stack: Stack) => Guards;
  /** The source of a guard module that stands in for the app's own, as with `push-it-cli dev --guards`. */
  instead?: string;
  /** Adds resources to the construct's stack. */
  addResources?: (stack: Stack, pushIt: PushIt) => void;
  /** Changes the template before it is run. */
  edit?: (template: Template) => void;
  /** Called with each line that the runtime logs. */
  log?: (entry: LogEntry) => void;
}

const ROOT = resolve(__dirname, "../../..");

/** Inside the package, so that a guard module's `push-it-server/guards` is this one. */
const FOLDERS = join(ROOT, ".push-it");

/** Time for guards that answer: a busy machine may take a second to start a thread, or a guard function. */
const PATIENT = {
  onSubscriptionRequest: Duration.seconds(5),
  onUnsubscriptionRequest: Duration.seconds(5),
  onPublicationRequest: Duration.seconds(5),
  onPresenceRequest: Duration.seconds(5),
  // Less than all deliveries have together: a recipient that is late because of others is enqueued, not dropped.
  onMessageReceived: Duration.seconds(4),
};

const guardsOf = (
  stack: Stack,
  module: string,
  { guards, guardProps, guardFunctions }: TestSystemOptions,
): { guards?: Guards } => {
  const kinds = [
    ...(guards === undefined ? [] : [Guards.fromModule(module, guardProps?.(stack))]),
    ...(guardFunctions ? [guardFunctions(stack)] : []),
  ];
  return kinds.length === 0 ? {} : { guards: Guards.combine(...kinds) };
};

const synthesize = (folder: string, options: TestSystemOptions): string => {
  const { props, guards, addResources, edit } = options;
  const outdir = join(folder, "cdk.out");
  const module = join(folder, "guards.ts");
  if (guards !== undefined) writeFileSync(module, guards);
  const context = { "aws:cdk:enable-path-metadata": true, "aws:cdk:enable-asset-metadata": true };
  const app = new App({ outdir, context });
  const stack = new Stack(app, "Test");
  const ownGuards = guardsOf(stack, module, options);
  const own = typeof props === "function" ? props(stack) : props;
  const guarded = ownGuards.guards !== undefined || options.instead !== undefined;
  const pushIt = new PushIt(stack, "PushIt", {
    ...own,
    ...(guarded && { timeouts: { ...PATIENT, ...own?.timeouts } }),
    ...ownGuards,
  });
  addResources?.(stack, pushIt);
  app.synth();
  const template = join(outdir, "Test.template.json");
  if (edit) writeFileSync(template, JSON.stringify(edited(template, edit)));
  return outdir;
};

const edited = (file: string, edit: (template: Template) => void): Template => {
  const template = JSON.parse(readFileSync(file, "utf8")) as Template;
  edit(template);
  return template;
};

const isDisconnect = (event: unknown, connectionId: string): boolean => {
  const { requestContext } = event as { requestContext?: { eventType?: string; connectionId?: string } };
  return requestContext?.eventType === "DISCONNECT" && requestContext.connectionId === connectionId;
};

/** A system under test: the synthesized template with the built bundles, on the engine that the environment names. */
export class TestSystem {
  /** Everything the runtime logged, functions included. */
  readonly logs: LogEntry[] = [];
  /** Every invocation that is over. */
  readonly invocations: InvocationReport[] = [];
  readonly #waiting = new Waiting();
  readonly #wires: Wire[] = [];
  #running: System | undefined;

  private constructor(private readonly folder: string) {}

  /** Synthesizes a stack and runs it. */
  static async start(options: TestSystemOptions = {}): Promise<TestSystem> {
    mkdirSync(FOLDERS, { recursive: true });
    const system = new TestSystem(mkdtempSync(join(FOLDERS, "test-")));
    const {
      faults,
      limits,
      meter,
      environment,
      permissionsLog,
      asyncRetryScale,
      queueWaitScale,
      quotas,
      instead,
      secrets,
      log,
    } = options;
    const [other, secretsFile] = [join(system.folder, "instead.ts"), join(system.folder, "secrets.json")];
    if (secrets) writeFileSync(secretsFile, JSON.stringify(secrets));
    if (instead !== undefined) writeFileSync(other, instead);
    system.#running = await startSystem({
      ...(faults && { faults }),
      ...(limits && { limits }),
      ...(meter && { meter }),
      ...(environment && { environment }),
      ...(permissionsLog !== undefined && { permissionsLog }),
      ...(asyncRetryScale !== undefined && { asyncRetryScale }),
      ...(queueWaitScale !== undefined && { queueWaitScale }),
      ...(quotas && { quotas }),
      ...(instead !== undefined && { guards: other }),
      ...(secrets && { secrets: secretsFile }),
      project: ROOT,
      dist: join(ROOT, "local/dist"),
      assembly: synthesize(system.folder, options),
      dynamodb: process.env["PUSH_IT_TEST_DYNAMODB"] ?? "embedded",
      log(entry) {
        system.logs.push(entry);
        log?.(entry);
        system.#waiting.notify();
      },
      report(invocation) {
        system.invocations.push(invocation);
        system.#waiting.notify();
      },
    });
    return system;
  }

  /** The running system. */
  get running(): System {
    if (!this.#running) throw new Error("the system has not started");
    return this.#running;
  }

  /** Opens a connection, which `close` ends. */
  async connect(options: WireOptions = {}): Promise<Wire> {
    const wire = await Wire.open(this.running.websocketUrl, options);
    this.#wires.push(wire);
    return wire;
  }

  /** The runtime's lines about segments that went to the dead-letter queue. */
  get deadSegments(): LogEntry[] {
    return this.logs.filter(({ message }) => message.includes(": it was received"));
  }

  /** Everything in the table. */
  rows(): Promise<Row[]> {
    return rowsOf(this.running);
  }

  /** API Gateway's id of a wire's connection, and when it began. */
  async connectionOf(wire: Wire): Promise<{ connectionId: string; connectedAt: number }> {
    const { agent } = (await wire.ping()).data as { agent: string };
    return connectionOf(await this.rows(), agent);
  }

  /** Resolves with what `find` finds among the invocations, now or after a later one, or after something is logged. */
  invoked<T>(find: (invocations: readonly InvocationReport[]) => T | undefined | false, what: string): Promise<T> {
    return this.#waiting.until(
      () => find(this.invocations),
      () => what,
    );
  }

  /** Resolves when the connection's `$disconnect` has run. */
  disconnected(connectionId: string): Promise<InvocationReport> {
    return this.invoked(
      (all) => all.find(({ event }) => isDisconnect(event, connectionId)),
      `$disconnect of ${connectionId}`,
    );
  }

  /** The logical id of the function that a construct of the stack is. */
  functionOf(constructId: string): string {
    const is = ({ name }: { name: string }): boolean => name.startsWith(`Test-${constructId}`);
    const found = this.running.model.functions.find(is) ?? this.running.model.unrunnable.find(is);
    if (!found) throw new Error(`there is no function ${constructId}`);
    return found.logicalId;
  }

  /** Runs a route's function with an event of the test's own. */
  invokeRoute(routeKey: string, event: unknown): Promise<InvokeResult> {
    return this.running.invoke(this.running.model.api.routes[routeKey]?.functionId ?? routeKey, event);
  }

  /** Ends everything. */
  async close(): Promise<void> {
    await Promise.all(this.#wires.map((wire) => wire.close()));
    await this.#running?.close();
    rmSync(this.folder, { recursive: true, force: true });
  }
}
