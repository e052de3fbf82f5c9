import { resolve as resolvePath } from "node:path";
import { GUARD_BUNDLING } from "../../infra/guards/guard-build.js";
import type { GuardBundlingOptions } from "../../infra/props/options.js";
import type { Place } from "../core/place.js";
import type { FunctionModel } from "./model/functions.js";
import type { SystemModel } from "./model/system.js";
import { readApi } from "./resources/api.js";
import { readAsync } from "./resources/async-invocation.js";
import { readBackEnd } from "./resources/back-end.js";
import { belongsTo, findConstruct, type FoundConstruct } from "./template/construct.js";
import { readFunctions } from "./resources/functions.js";
import { IGNORED_RESOURCE_TYPES } from "./resources/ignored-types.js";
import { readKeys } from "./resources/encryption-keys.js";
import { readMappings } from "./resources/event-source-mappings.js";
import { readAssembly } from "./template/manifest.js";
import { externalVerdicts, unrunnableFunctions } from "./resources/external-resources.js";
import { ResourceReader } from "./resources/reader.js";
import { readOutputs } from "./resources/outputs.js";
import { readPermissions } from "./resources/permissions.js";
import { readQueues } from "./resources/queues.js";
import { readPrincipals } from "./resources/principals.js";
import { readBuses, readRules } from "./resources/rules.js";
import { readSchedules } from "./resources/schedules.js";
import { placeOf, scopeOf } from "./template/scope.js";
import { readTables } from "./resources/tables.js";
import { FUNCTION_URL, readUrls } from "./resources/urls.js";

/** What to read. */
export interface ReadOptions {
  /** The construct's path, where the app has several. */
  construct?: string;
  /** Environment variables to take instead of the template's. */
  environment?: Record<string, string>;
  /** Warnings that do not hold here, by the id that the CDK acknowledges them with. @default none */
  acknowledged?: string[];
  /** Where function URLs are served, by logical id. @default as in AWS */
  urls?: Record<string, string>;
  /** Where queues are served, such as `http://127.0.0.1:49152`. @default as in AWS */
  queues?: string;
  /** A folder for functions' inline code; absent: such functions are not run. */
  folder?: string;
}

/** A system, and where its stack says it is. */
export interface ReadSystem {
  model: SystemModel;
  place: Place;
  /** How the app has its guard module bundled. */
  guardBundling: GuardBundlingOptions;
}

/**
 * Reads the Push-It construct of a synthesized app.
 * @param directory the cloud assembly
 * @throws UserError when it cannot be read, or cannot be run at all
 */
export const readSystem = (directory: string, options: ReadOptions = {}): ReadSystem => {
  const construct = findConstruct(readAssembly(resolvePath(directory)), options.construct);
  const { stack, path } = construct;
  const place = placeOf(stack);
  const all = Object.entries(stack.template.Resources ?? {});
  const own = all.filter(([, resource]) => belongsTo(construct, resource));
  const [scope, externalResources] = [
    scopeOf(stack, place, options),
    all.filter(([, resource]) => !belongsTo(construct, resource)),
  ];
  const reader = new ResourceReader(stack, scope, Object.fromEntries(own));
  const externalReader = new ResourceReader(stack, scope, Object.fromEntries(externalResources));
  const settings = { ...options, async: readAsync(reader, externalReader) };
  const functions = readFunctions(reader, settings);
  const externalFunctions = readFunctions(externalReader, settings).map((each) => ({ ...each, external: true }));
  const principals = readPrincipals(reader);
  const tables = readTables(reader);
  const api = readApi(reader, functions);
  const schedules = readSchedules(reader, functions);
  const { warnings, ...sources } = readSources([reader, externalReader], [...functions, ...externalFunctions]);
  const { backEnd, users } = readBackEnd(construct, functions, sources.urls, place);
  reader.decideRemaining(IGNORED_RESOURCE_TYPES);
  const model: SystemModel = {
    path,
    ...(construct.guards !== undefined && { guards: construct.guards }),
    api,
    functions: [...functions, ...externalFunctions],
    unrunnable: [reader, externalReader].flatMap(unrunnableFunctions),
    ...principals,
    users: [...principals.users, ...users],
    ...(backEnd && { backEnd }),
    tables,
    schedules,
    ...sources,
    encrypted: readKeys(reader),
    outputs: readOutputs(stack.template, scope),
    resources: reader.verdicts,
    external: externalVerdicts(externalReader),
    warnings: [...warningsOf(construct, options.acknowledged ?? []), ...warnings],
  };
  return { place, model, guardBundling: guardBundlingOf(construct) };
};

/**
 * Logical ids of the function URLs of a construct's stack: each must have its place before the rest is read, because
 * functions may be told where it is. The construct's own comes first, then the others as the template lists them.
 * @throws UserError
 */
export const functionUrlIds = (directory: string, construct?: string): string[] => {
  const found = findConstruct(readAssembly(resolvePath(directory)), construct);
  const urls = Object.entries(found.stack.template.Resources ?? {}).filter(
    ([, { Type: type }]) => type === FUNCTION_URL,
  );
  const [own, others] = [
    urls.filter(([, each]) => belongsTo(found, each)),
    urls.filter(([, each]) => !belongsTo(found, each)),
  ];
  return [...own, ...others].map(([id]) => id);
};

/** What runs functions besides the API, the clock and each other, wherever in the stack it is. */
const readSources = (readers: [ResourceReader, ResourceReader], functions: FunctionModel[]) => {
  const whole = readers[0].ofStack();
  const buses = readBuses(whole);
  const { rules, warnings } = readRules(whole, functions, buses);
  const urls = readUrls(whole, functions);
  const permissions = readPermissions(whole, functions);
  const queues = readQueues(whole);
  const mappings = readMappings(whole, functions, queues);
  for (const reader of readers) reader.adopt(whole.verdicts);
  return { buses, rules, urls, permissions, queues, mappings, warnings };
};

/** How the app has its guard module bundled. */
const guardBundlingOf = ({ stack, path }: FoundConstruct): GuardBundlingOptions =>
  stack.metadata[`/${path}`]?.find(({ type }) => type === GUARD_BUNDLING)?.data ?? {};

/** The CDK attaches warnings to construct paths that begin with a slash, and appends how to silence them. */
const warningsOf = ({ stack, path }: FoundConstruct, acknowledged: string[]): string[] =>
  Object.entries(stack.metadata)
    .filter(([at]) => `${at}/`.startsWith(`/${path}/`))
    .flatMap(([, entries]) => entries.filter(({ type }) => type === "aws:cdk:warning"))
    .map(({ data }) => String(data))
    .filter((warning) => !acknowledged.some((id) => warning.endsWith(`[ack: ${id}]`)))
    .map((warning) => warning.replace(/ \[ack: [^\]]+\]$/, ""));
