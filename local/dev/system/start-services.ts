import { randomUUID } from "node:crypto";
import { join } from "node:path";
import type { ReadSystem } from "../../assembly/read-system.js";
import type { Permissions } from "../../core/authorization/permissions.js";
import { SignatureVerifier } from "../../core/authorization/signatures.js";
import { type Operations, startJsonServices } from "../../core/http/json-services.js";
import { nodePath } from "../../core/packages.js";
import type { CallKind } from "../../meter/latency.js";
import { type RunningDynamoDb, startDynamoDb } from "../../services/dynamodb/start.js";
import { EventBuses } from "../../services/events/buses.js";
import { putEvents } from "../../services/events/put-events.js";
import { createPermissions } from "../../services/iam/create-permissions.js";
import { RECORD_VARIABLE } from "../../services/iam/permission-recorder.js";
import { LambdaRuntime, MAX_ENVIRONMENTS } from "../../services/lambda/runtime/runtime.js";
import { type Lambda, startLambda } from "../../services/lambda/start.js";
import { Schedules } from "../../services/schedule/schedules.js";
import { secretsOperations } from "../../services/secrets/operations.js";
import { type RunningQueues, startQueues } from "../../services/sqs/start.js";
import type { SystemParts } from "./parts.js";
import { QUOTA_PROFILES } from "./quotas.js";

/** The services that functions call, and the runtime of functions. */
export interface Services {
  permissions: Permissions;
  dynamodb: RunningDynamoDb;
  buses: EventBuses;
  runtime: LambdaRuntime;
  queues: RunningQueues;
  schedules: Schedules;
  lambda: Lambda;
  /** The `AWS_ENDPOINT_URL_…` variables that lead to the services that listen by now. */
  endpoints: Record<string, string>;
}

/** The context of starting the services. */
export interface ServicesContext extends SystemParts {
  /** The system that runs at the moment. */
  current: () => ReadSystem;
}

/**
 * Starts the services of a run in the order of their dependencies. The cleanup stack ends the started ones.
 * @throws UserError if the DynamoDB engine or the file of secrets cannot be used
 */
export const startServices = async (context: ServicesContext): Promise<Services> => {
  const { options, cleanup, credentials, sqs, ports, meter, current } = context;
  const { log, permissionsLog = process.env[RECORD_VARIABLE] } = options;
  const { place, model } = current();
  const permissions = createPermissions(current, log, permissionsLog);
  const invokeAsync = (functionId: string, event: unknown) => services.lambda?.enqueue(functionId, event, randomUUID());
  const buses = new EventBuses({ place, invokeAsync, log });
  const endpoints: Record<string, string> = { AWS_ENDPOINT_URL_SQS: sqs.endpoint };
  const services: Partial<Services> = {};

  const operations = operationsOf(context, permissions, buses);
  const dynamodb = await startTables(context, permissions, () => services.runtime);
  cleanup.add(() => dynamodb.close());
  endpoints["AWS_ENDPOINT_URL_DYNAMODB"] = dynamodb.endpoint;
  const json = await startJsonServices({
    credentials,
    operations,
    meter: meter && ((accessKeyId, service) => meter.call(accessKeyId, METERED_AS[service]!)),
    server: ports.server("services"),
  });
  cleanup.add(() => json.close());
  endpoints["AWS_ENDPOINT_URL_SECRETS_MANAGER"] = json.endpoint;
  endpoints["AWS_ENDPOINT_URL_EVENTBRIDGE"] = json.endpoint;
  await dynamodb.createTables(model.tables);

  const runtime = (services.runtime = createRuntime(context, endpoints));
  const maxBatches = options.maxEnvironments ?? MAX_ENVIRONMENTS;
  const { faults = {}, queueWaitScale: scale = 1 } = options;
  const queues = startQueues({
    sqs,
    credentials,
    permissions,
    invoker: runtime,
    log,
    scale,
    faults,
    maxBatches,
    meter,
  });
  cleanup.add(() => queues.close());
  cleanup.add(() => runtime.close());
  cleanup.add(() => queues.stop());
  const schedules = new Schedules(runtime, place, options.sweepEveryMs);
  schedules.set(model.schedules);
  cleanup.add(() => schedules.close());
  buses.set(model);
  serveUrls(context, runtime, permissions);

  const lambda = (services.lambda = await startLambda({
    credentials,
    permissions,
    model: () => current().model,
    invoker: runtime,
    log,
    retryScale: options.asyncRetryScale ?? 1,
    meter: meter && ((accessKeyId, kind) => meter.call(accessKeyId, kind)),
    server: ports.server("lambda"),
  }));
  cleanup.add(() => lambda.close());
  endpoints["AWS_ENDPOINT_URL_LAMBDA"] = `http://${ports.addresses.local}:${lambda.port}`;
  return { permissions, dynamodb, buses, runtime, queues, schedules, lambda, endpoints };
};

/** How calls of these services are metered. */
const METERED_AS: Record<string, CallKind> = { secretsmanager: "secrets", events: "eventBridge" };

const operationsOf = (
  { options, current, meter }: ServicesContext,
  permissions: Permissions,
  buses: EventBuses,
): Operations => {
  const { log, secrets: file } = options;
  const functions = () => current().model.functions;
  const events = { buses, permissions, log, meter };
  return {
    secretsmanager: secretsOperations({ file, functions, permissions, log }),
    events: { "AWSEvents.PutEvents": (request, callerId) => putEvents(request, callerId, events) },
  };
};

const startTables = (
  { options, credentials, reaper, ports, meter, current }: ServicesContext,
  permissions: Permissions,
  runtime: () => LambdaRuntime | undefined,
): Promise<RunningDynamoDb> => {
  const { project, log, dynamodb: engine = "embedded", faults, quotas } = options;
  const environments = {
    kill: (accessKeyId: string) => runtime()?.environments.kill(accessKeyId),
    freeze: (accessKeyId: string) => runtime()?.environments.freeze(accessKeyId),
  };
  return startDynamoDb({
    engine,
    project,
    reaper,
    log,
    credentials,
    permissions,
    place: permissions.place,
    tables: () => current().model.tables,
    enforceCapacity: quotas !== undefined,
    meter,
    server: ports.server("dynamodb"),
    ...(faults?.onCall && { faults: { faults, environments } }),
  });
};

const createRuntime = (context: ServicesContext, endpoints: Record<string, string>): LambdaRuntime => {
  const { options, credentials, reaper, meter } = context;
  const { model, place } = context.current();
  const { dist, project, log, report, quotas, faults, maxEnvironments } = options;
  return new LambdaRuntime(model.functions, {
    bootstraps: { node: join(dist, "bootstrap.mjs"), python: join(dist, "bootstrap.py") },
    libraries: nodePath(project),
    place,
    credentials,
    reaper,
    log,
    endpoints: () => endpoints,
    ...(report && { report }),
    ...(meter && { meter }),
    ...(quotas && { concurrency: QUOTA_PROFILES[quotas].concurrency }),
    ...(faults && { faults }),
    ...(maxEnvironments !== undefined && { maxEnvironments }),
  });
};

const serveUrls = (
  { options, urls, credentials, current }: ServicesContext,
  invoker: LambdaRuntime,
  permissions: Permissions,
): void => {
  urls.set(current().model.urls);
  for (const [logicalId, url] of Object.entries(urls.addresses))
    options.log({ level: "info", source: logicalId, message: `is served at ${url}` });
  const signatures = new SignatureVerifier(credentials, "lambda");
  urls.serve({ invoker, permissions, signatures, resourcePermissions: () => current().model.permissions });
};
