import type { Json } from "../../../protocol/index.js";
import { AT_ONCE, DEFAULT_SUSPECT_MS, TIMEOUT_MS } from "./limits.js";

/** The settings of a run of checks. */
export interface CheckSettings {
  url: string;
  credentials: Json | undefined;
  /** The prefixes of channels, in order of preference. */
  prefixes: readonly string[];
  /** The AWS function by which a back end publishes. @default none */
  publisher?: string | undefined;
  /** The DynamoDB table's name. @default none */
  table?: string | undefined;
  /** Whether the account is read. @default false */
  account?: boolean | undefined;
  /** For how many users the account is looked at. @default none */
  users?: number | undefined;
  /** The AWS Region. @default the Region of the environment or of a profile */
  region?: string | undefined;
  /** Longest wait for one answer or message, in milliseconds. */
  timeoutMs: number;
  /** An answer is slow above this, in milliseconds. */
  slowMs: number;
  /** How many checks run at once. */
  atOnce: number;
}

/** The default settings of a run. */
export const DEFAULT_SETTINGS = { timeoutMs: TIMEOUT_MS, slowMs: DEFAULT_SUSPECT_MS, atOnce: AT_ONCE } as const;
