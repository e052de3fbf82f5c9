import { Partitions } from "../../services/dynamodb/capacity/partitions.js";
import { type DynamoDb, startDynamoDb } from "../../services/dynamodb/engines/start.js";
import type { Signer } from "../../services/dynamodb/request.js";
import { createTables } from "../../services/dynamodb/tables.js";
import type { Events } from "../../services/events/buses.js";
import { putEvents } from "../../services/events/put-events.js";
import type { FaultInjection } from "../../services/dynamodb/proxy/faults.js";
import type { ExecutionEnvironments } from "../../core/execution-environments.js";
import { type DynamoDbProxyOptions, startDynamoDbProxy } from "../../services/dynamodb/proxy/proxy.js";
import type { Permissions } from "../../core/authorization/permissions.js";
import { secretCall } from "../../services/secrets/permission.js";
import type { Credentials } from "../../core/credentials.js";
import type { ProcessReaper } from "../../core/process-reaper.js";
import type { Place } from "../../core/place.js";
import type { CallKind } from "../../meter/latency.js";
import type { Meter } from "../../meter/meter.js";
import type { FunctionModel } from "../../assembly/model/functions.js";
import type { Log } from "../../core/log.js";
import type { TableModel } from "../../assembly/model/tables.js";
import { readSecrets } from "../../services/secrets/secrets-file.js";
import { getSecretValue } from "../../services/secrets/get-secret-value.js";
import { type ServiceResponse, type Operations, startServices } from "../../core/http/json-services.js";
import type { CleanupStack } from "./cleanup-stack.js";
import type { SystemOptions } from "./options.js";
import type { Ports } from "./ports.js";

/** What functions call besides `@connections`. */
export interface Backends {
  dynamodb: DynamoDb;
  /** The `AWS_ENDPOINT_URL_…` variables that lead there. */
  endpoints: Record<string, string>;
  /** Creates the tables that do not exist. */
  createTables(tables: TableModel[]): Promise<unknown>;
}

/** What starting them takes. */
export interface BackendsContext {
  options: SystemOptions;
  log: Log;
  place: Place;
  credentials: Credentials;
  guardian: ProcessReaper;
  closers: CleanupStack;
  /** The functions, as they are at the moment. */
  functions: () => FunctionModel[];
  /** The tables, as they are at the moment. */
  tables: () => TableModel[];
  permissions: Permissions;
  events: Events;
  meter: Meter | undefined;
  /** Whom faults of DynamoDB strike. */
  environments: ExecutionEnvironments;
  ports: Ports;
}

/**
 * Starts DynamoDB, Secrets Manager and EventBridge, all with the check of permissions in front.
 * @throws UserError when the engine or the secrets file cannot be used
 */
export const startBackends = async (context: BackendsContext): Promise<Backends> => {
  const { options, log, place, credentials, guardian, closers, permissions, meter, ports } = context;
  const signers = signersOf(credentials, place);
  const { project, dynamodb: engine = "embedded" } = options;
  const operations: Operations = {
    secretsmanager: { "secretsmanager.GetSecretValue": secretsOperation(context) },
    events: { "AWSEvents.PutEvents": (request, callerId) => putEvents(request, callerId, context) },
  };
  const dynamodb = await startDynamoDb(engine, { project, guardian, signers, log });
  closers.add(() => dynamodb.close());
  const proxy = await startDynamoDbProxy({
    upstream: dynamodb.endpoint,
    server: ports.server("dynamodb"),
    credentials,
    permissions,
    ...watchOf(context),
    ...strikesOf(context),
  });
  closers.add(() => proxy.close());
  const counts = meter && ((accessKeyId: string, service: string) => meter.call(accessKeyId, KINDS[service]!));
  const services = await startServices(credentials, operations, counts, ports.server("services"));
  closers.add(() => services.close());
  return {
    dynamodb,
    endpoints: {
      AWS_ENDPOINT_URL_DYNAMODB: proxy.endpoint,
      AWS_ENDPOINT_URL_SECRETS_MANAGER: services.endpoint,
      AWS_ENDPOINT_URL_EVENTBRIDGE: services.endpoint,
    },
    createTables: (tables) => createTables(dynamodb.endpoint, signers[0], tables),
  };
};

/** What calls of these services are metered as. */
const KINDS: Record<string, CallKind> = { secretsmanager: "secrets", events: "eventBridge" };

const watchOf = ({ options, tables, meter }: BackendsContext): Pick<DynamoDbProxyOptions, "watch"> => {
  const partitions = options.quotas ? new Partitions(tables) : undefined;
  return meter || partitions ? { watch: { meter, partitions } } : {};
};

const strikesOf = ({ options: { faults }, environments }: BackendsContext): { strikes?: FaultInjection } =>
  faults?.onCall ? { strikes: { faults, environments } } : {};

/** Two of them, to tell an engine that keeps tables apart by access key. */
const signersOf = (credentials: Credentials, { region }: Place): [Signer, Signer] => [
  { accessKeyId: credentials.of("push-it-cli dev").accessKeyId, region },
  { accessKeyId: credentials.of("push-it-cli dev, again").accessKeyId, region },
];

/** The file is read now, so that a mistake is told at once, and again whenever a secret is asked for. */
const secretsOperation = ({ options: { secrets: file, log }, functions, permissions }: BackendsContext) => {
  const secrets = () => (file === undefined ? {} : readSecrets(file));
  secrets();
  return (request: Record<string, unknown>, functionId: string): ServiceResponse => {
    const refusal = permissions.check(functionId, [secretCall(request["SecretId"], permissions.place)]);
    if (!refusal) return getSecretValue(request, { functions, secrets, log });
    return { status: 400, body: { __type: "AccessDeniedException", Message: refusal.message } };
  };
};
