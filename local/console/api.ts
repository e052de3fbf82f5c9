import type { SystemModel } from "../assembly/model/system.js";
import type { MeterSnapshot } from "../meter/counts.js";
import type { Bill } from "../meter/usd.js";

/** Which guards are in force: the app's own module, that of `--guards`, functions alone, none, or those of the built-in stack, which permit everything. */
export interface GuardsInfo {
  source: "app" | "file" | "functions" | "none" | "starter";
  /** The module, as the app or `--guards` names it. */
  file?: string;
  /** How many functions are guards, with a module or without; absent: none. */
  functions?: number;
}

/** What the console page shows of the running system. */
export interface SystemInfo {
  construct: string;
  websocketUrl: string;
  guards: GuardsInfo;
  dynamodb: string;
  resources: SystemModel["resources"];
  external: SystemModel["external"];
  warnings: string[];
  /** Whether what AWS would bill is counted, and can be asked for. */
  metered: boolean;
}

/** What the console page shows of what AWS would bill. */
export interface MeterInfo {
  used: Omit<MeterSnapshot, "functions">;
  usd: Bill;
}

/** How many guard functions there are, for people: `2 guard functions`. */
export const functionsText = (count: number): string => (count === 1 ? "1 guard function" : `${count} guard functions`);
