import { resolve as resolvePath } from "node:path";
import type { Place } from "../lambda/variables.js";
import type { SystemModel } from "../model.js";
import { readApi } from "./api.js";
import { readAsync } from "./async.js";
import { belongsTo, findConstruct, type FoundConstruct } from "./construct.js";
import { readFunctions } from "./functions.js";
import { INERT } from "./inert.js";
import { readAssembly } from "./manifest.js";
import { outsideVerdicts, unrunnableFunctions } from "./outside.js";
import { ResourceReader } from "./reader.js";
import { readRoles } from "./roles.js";
import { readSchedules } from "./schedules.js";
import { placeOf, scopeOf } from "./scope.js";
import { readTables } from "./tables.js";

/** What to read. */
export interface ReadOptions {
  /** The construct's path, where the app has several. */
  construct?: string;
  /** Environment variables to take instead of the template's. */
  environment?: Record<string, string>;
  /** Warnings that do not hold here, by the id that the CDK acknowledges them with. @default none */
  acknowledged?: string[];
  /** A folder for functions' inline code; absent: such functions are not run. */
  folder?: string;
}

/** A system, and where its stack says it is. */
export interface ReadSystem {
  model: SystemModel;
  place: Place;
}

/**
 * Reads the Push-It construct of a synthesized app.
 * @param directory the cloud assembly
 * @throws Failure when it cannot be read, or cannot be run at all
 */
export const readSystem = (directory: string, options: ReadOptions = {}): ReadSystem => {
  const construct = findConstruct(readAssembly(resolvePath(directory)), options.construct);
  const { stack, path } = construct;
  const place = placeOf(stack);
  const all = Object.entries(stack.template.Resources ?? {});
  const inside = all.filter(([, resource]) => belongsTo(construct, resource));
  const [scope, outsiders] = [scopeOf(stack, place), all.filter(([, resource]) => !belongsTo(construct, resource))];
  const reader = new ResourceReader(stack, scope, Object.fromEntries(inside));
  const beside = new ResourceReader(stack, scope, Object.fromEntries(outsiders));
  const settings = { ...options, async: readAsync(reader, beside) };
  const functions = readFunctions(reader, settings);
  const others = readFunctions(beside, settings).map((each) => ({ ...each, outside: true }));
  const roles = readRoles(reader);
  const tables = readTables(reader);
  const api = readApi(reader, functions);
  const schedules = readSchedules(reader, functions);
  reader.rest(INERT);
  const model: SystemModel = {
    path,
    ...(construct.guards !== undefined && { guards: construct.guards }),
    api,
    functions: [...functions, ...others],
    unrunnable: [reader, beside].flatMap(unrunnableFunctions),
    roles,
    tables,
    schedules,
    resources: reader.verdicts,
    outside: outsideVerdicts(beside),
    warnings: warningsOf(construct, options.acknowledged ?? []),
  };
  return { place, model };
};

/** The CDK attaches warnings to construct paths that begin with a slash, and appends how to silence them. */
const warningsOf = ({ stack, path }: FoundConstruct, acknowledged: string[]): string[] =>
  Object.entries(stack.metadata)
    .filter(([at]) => `${at}/`.startsWith(`/${path}/`))
    .flatMap(([, entries]) => entries.filter(({ type }) => type === "aws:cdk:warning"))
    .map(({ data }) => String(data))
    .filter((warning) => !acknowledged.some((id) => warning.endsWith(`[ack: ${id}]`)))
    .map((warning) => warning.replace(/ \[ack: [^\]]+\]$/, ""));
