import { statSync } from "node:fs";
import type { FunctionModel } from "../model.js";
import { resolve, Unresolvable } from "./intrinsics.js";
import { Refused, type Properties, type ResourceReader } from "./reader.js";

/** What CloudFormation assumes of a function that does not say. */
const DEFAULTS = { timeoutSeconds: 3, memoryMb: 128 };

/**
 * The functions of the construct.
 * @param overrides environment variables to take instead of the template's, by name
 */
export const readFunctions = (reader: ResourceReader, overrides: Record<string, string> = {}): FunctionModel[] => {
  const roles = new Map(reader.all("AWS::IAM::Role").map((id) => [reader.scope.lookup(id, "Arn"), id]));
  return reader.each(["AWS::Lambda::Function"], (logicalId, properties) => {
    const runtime = properties.get("Runtime");
    if (typeof runtime !== "string" || !runtime.startsWith("nodejs")) {
      throw new Refused(
        `only Node functions run locally, not ${typeof runtime === "string" ? runtime : "container images"}`,
      );
    }
    if (properties.get("Layers") !== undefined) throw new Refused("layers are not known here");
    const role = roles.get(properties.get("Role"));
    const reserved = properties.number("ReservedConcurrentExecutions");
    return {
      logicalId,
      name: String(reader.scope.lookup(logicalId)),
      code: codeOf(reader, properties),
      handler: properties.text("Handler"),
      runtime,
      timeoutSeconds: properties.number("Timeout") ?? DEFAULTS.timeoutSeconds,
      memoryMb: properties.number("MemorySize") ?? DEFAULTS.memoryMb,
      environment: environmentOf(reader, properties, overrides),
      ...(role !== undefined && { role }),
      ...(reserved !== undefined && { reservedConcurrency: reserved }),
      ...logging(properties),
    };
  });
};

const codeOf = (reader: ResourceReader, properties: Properties): string => {
  const { S3Key: key } = properties.object("Code");
  const asset = typeof key === "string" ? reader.stack.assets.get(key) : undefined;
  if (!asset) throw new Refused("its code is not an asset of this assembly");
  if (asset.packaging !== "zip" || !statSync(asset.path, { throwIfNoEntry: false })?.isDirectory()) {
    throw new Refused(`its asset ${asset.path} is not a folder`);
  }
  return asset.path;
};

/** Variable by variable, so that an override can stand in for what has no value here. */
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
