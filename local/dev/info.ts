import type { DynamoDb } from "../dynamodb/engine.js";
import type { SystemModel } from "../model.js";
import type { SystemOptions } from "./options.js";

/** Which guards are in force: the app's own, those of `--guards`, or none. */
export interface GuardsInfo {
  source: "app" | "file" | "none";
  /** The module, as the app or `--guards` names it. */
  file?: string;
}

/** What the console page shows of the running system. */
export interface SystemInfo {
  construct: string;
  websocketUrl: string;
  guards: GuardsInfo;
  dynamodb: string;
  resources: SystemModel["resources"];
  outside: SystemModel["outside"];
  warnings: string[];
}

/** Tells the guards in force. */
export const guardsOf = (model: SystemModel, options: Pick<SystemOptions, "guards">): GuardsInfo => {
  if (options.guards !== undefined) return { source: "file", file: options.guards };
  return model.guards === undefined ? { source: "none" } : { source: "app", file: model.guards };
};

/** Tells what runs here. */
export const infoOf = (
  model: SystemModel,
  options: SystemOptions,
  dynamodb: DynamoDb,
  websocketUrl: string,
): SystemInfo => ({
  construct: model.path,
  websocketUrl,
  guards: guardsOf(model, options),
  dynamodb: dynamodb.name,
  resources: model.resources,
  outside: model.outside,
  warnings: model.warnings,
});
