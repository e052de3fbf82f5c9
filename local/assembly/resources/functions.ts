import { createHash } from "node:crypto";
import { mkdirSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { inlineFile, isRunnable } from "../../services/lambda/runtime/launch.js";
import type { AsyncModel, FunctionModel } from "../model/functions.js";
import { resolve, Unresolvable } from "../template/intrinsics.js";
import { Refused, type Properties, type ResourceReader } from "./reader.js";

/** CloudFormation's defaults for functions. */
const DEFAULTS = { timeoutSeconds: 3, memoryMb: 128 };

/** How functions are read. */
export interface FunctionsOptions {
  /** Environment variables to take instead of the template's, by name. */
  environment?: Record<string, string>;
  /** The folder that inline code is written to. @default functions with inline code are refused */
  folder?: string;
  /** Settings of asynchronous invocations, by the function's name. */
  async?: ReadonlyMap<string, AsyncModel>;
}

/** The functions of the reader's resources. */
export const readFunctions = (reader: ResourceReader, options: FunctionsOptions = {}): FunctionModel[] => {
  const roles = new Map(reader.all("AWS::IAM::Role").map((id) => [reader.scope.lookup(id, "Arn"), id]));
  return reader.each(["AWS::Lambda::Function"], (logicalId, properties) => {
    const runtime = properties.get("Runtime");
    if (typeof runtime !== "string" || !isRunnable(runtime)) {
      const what = typeof runtime === "string" ? runtime : "container images";
      throw new Refused(`only Node and Python functions run locally, not ${what}`);
    }
    if (properties.get("Layers") !== undefined) throw new Refused("layers are not known here");
    const name = String(reader.scope.lookup(logicalId));
    const role = roles.get(properties.get("Role"));
    const reserved = properties.number("ReservedConcurrentExecutions");
    const async = asyncOf(properties, options.async?.get(name));
    return {
      logicalId,
      name,
      code: codeOf(reader, properties, runtime, options.folder),
      handler: properties.text("Handler"),
      runtime,
      timeoutSeconds: properties.number("Timeout") ?? DEFAULTS.timeoutSeconds,
      memoryMb: properties.number("MemorySize") ?? DEFAULTS.memoryMb,
      environment: environmentOf(reader, properties, options.environment ?? {}),
      ...(role !== undefined && { role }),
      ...(reserved !== undefined && { reservedConcurrency: reserved }),
      ...(async && { async }),
      ...logging(properties),
    };
  });
};

const codeOf = (reader: ResourceReader, properties: Properties, runtime: string, folder?: string): string => {
  const { S3Key: key, ZipFile: inline } = properties.object("Code");
  if (typeof inline === "string" && folder !== undefined) return inlineCode(inline, inlineFile(runtime), folder);
  const asset = typeof key === "string" ? reader.stack.assets.get(key) : undefined;
  if (!asset) throw new Refused("its code is not an asset of this assembly");
  if (asset.packaging !== "zip" || !statSync(asset.path, { throwIfNoEntry: false })?.isDirectory()) {
    throw new Refused(`its asset ${asset.path} is not a folder`);
  }
  return asset.path;
};

/**
 * Writes inline code to a folder. The folder's name is a hash of the code, so that unchanged code does not replace
 * running environments.
 */
const inlineCode = (source: string, file: string, folder: string): string => {
  const code = join(folder, createHash("sha256").update(file).update(source).digest("hex"));
  mkdirSync(code, { recursive: true });
  writeFileSync(join(code, file), source);
  return code;
};

const asyncOf = (properties: Properties, configured?: AsyncModel): AsyncModel | undefined => {
  const { TargetArn: deadLetter } = properties.object("DeadLetterConfig");
  return typeof deadLetter === "string" ? { ...configured, deadLetter } : configured;
};

/** Resolves each variable separately, so that an override can replace a variable that has no value locally. */
const environmentOf = (
  reader: ResourceReader,
  properties: Properties,
  overrides: Record<string, string>,
): Record<string, string> => {
  const { Variables: variables = {} } = (properties.unresolved("Environment") ?? {}) as { Variables?: object };
  return Object.fromEntries(
    Object.entries(variables).flatMap(([name, value]: [string, unknown]) => {
      if (Object.hasOwn(overrides, name)) return [[name, overrides[name]!]];
      const resolved = named(name, () => resolve(value, reader.scope));
      return typeof resolved === "symbol" ? [] : [[name, String(resolved)]];
    }),
  );
};

const named = (name: string, get: () => unknown): unknown => {
  try {
    return get();
  } catch (error) {
    if (!(error instanceof Unresolvable)) throw error;
    throw new Refused(`its variable ${name} cannot be told: ${error.message} (give it: --env ${name}=…)`);
  }
};

const logging = (properties: Properties): Pick<FunctionModel, "logFormat" | "logLevel"> => {
  const { LogFormat: format, ApplicationLogLevel: level } = properties.object("LoggingConfig");
  return {
    ...((format === "JSON" || format === "Text") && { logFormat: format }),
    ...(typeof level === "string" && { logLevel: level }),
  };
};
