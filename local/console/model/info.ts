import { functionsText, type SystemInfo } from "../api.js";
import { isOwnMachine } from "../../core/own-machine.js";

/** What `push-it-cli dev` tells the page it serves; elsewhere there is nobody to tell. */
export type LocalInfo = Pick<SystemInfo, "websocketUrl"> & Partial<Omit<SystemInfo, "websocketUrl">>;

/** Where `push-it-cli dev` tells what it runs. */
const INFO_PATH = "/_push-it/info";

/** Asks the server of this page what it runs: `undefined` where it is not `push-it-cli dev`. */
export const fetchInfo = async (get: typeof fetch): Promise<LocalInfo | undefined> => {
  try {
    const response = await get(INFO_PATH);
    const info: unknown = response.ok ? await response.json() : undefined;
    return isInfo(info) ? info : undefined;
  } catch {
    return undefined;
  }
};

const isInfo = (info: unknown): info is LocalInfo =>
  typeof info === "object" && info !== null && typeof (info as LocalInfo).websocketUrl === "string";

/** Where a stage's URL can come from. */
export interface UrlSources {
  /** The page's own `?url=`. */
  parameter: string | null;
  /** What this browser was told to remember. */
  remembered: string | null;
  /** The stage that the page's server runs. */
  local: string | undefined;
}

/**
 * The URL to begin with. What this machine ran some other day, on some other port, is not remembered against what it
 * runs now.
 */
export const chooseUrl = ({ parameter, remembered, local }: UrlSources): string => {
  const stale = local !== undefined && remembered !== null && isOnThisMachine(remembered);
  return parameter ?? (stale ? undefined : remembered) ?? local ?? "";
};

const isOnThisMachine = (url: string): boolean => URL.canParse(url) && isOwnMachine(url);

/** The guards in force, for people. */
export const guardsText = ({ guards }: LocalInfo): string | undefined => {
  if (!guards) return undefined;
  const { source, file = "a file", functions = 0 } = guards;
  const more = functions > 0 ? ` and ${functionsText(functions)}` : "";
  switch (source) {
    case "file":
      return `${file}${more}`;
    case "app":
      return `the app's own${more}`;
    case "functions":
      return functionsText(functions);
    case "starter":
    case "none":
      return "none: open to everyone";
  }
};

/** Whether anybody may connect, so that the page may do so unasked. */
export const isOpen = ({ guards }: LocalInfo): boolean => guards?.source === "none" || guards?.source === "starter";
