import type { SystemModel } from "../assembly/model/system.js";
import type { MeterSnapshot } from "../meter/counts.js";
import type { Bill } from "../meter/usd.js";

/**
 * The guards in force: the app's own module, that of `--guards`, functions only, none, or those of the built-in stack,
 * which permit everything.
 */
export interface GuardsInfo {
  source: "app" | "file" | "functions" | "none" | "starter";
  /** The module, as the app or `--guards` names it. */
  file?: string;
  /** How many functions are guards, with a module or without; absent: none. */
  functions?: number;
}

/** The description of the running system for the console page. */
export interface SystemInfo {
  construct: string;
  websocketUrl: string;
  guards: GuardsInfo;
  dynamodb: string;
  resources: SystemModel["resources"];
  external: SystemModel["external"];
  warnings: string[];
  /** Whether the usage that AWS would bill is counted, and can be requested. */
  metered: boolean;
}

/** The billable usage for the console page. */
export interface MeterInfo {
  used: Omit<MeterSnapshot, "functions">;
  usd: Bill;
}

/** How many guard functions there are, for people: `2 guard functions`. */
export const functionsText = (count: number): string => (count === 1 ? "1 guard function" : `${count} guard functions`);
