import { functionsText, type SystemInfo } from "../api.js";
import { isOwnMachine } from "../../core/own-machine.js";

/** The description from `push-it-cli dev`. Other servers do not have it. */
export type LocalInfo = Pick<SystemInfo, "websocketUrl"> & Partial<Omit<SystemInfo, "websocketUrl">>;

/** The path of the description. */
const INFO_PATH = "/_push-it/info";

/** Requests the system's description from the server; `undefined` if the server is not `push-it-cli dev`. */
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

/** The sources of a stage's URL. */
export interface UrlSources {
  /** The page's own `?url=`. */
  parameter: string | null;
  /** The values that this browser stores. */
  remembered: string | null;
  /** The stage that the page's server runs. */
  local: string | undefined;
}

/** The initial URL. A stored URL of this machine is ignored if the server runs at another one now. */
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

/** Whether the page may connect by itself, because guards permit every client. */
export const isOpen = ({ guards }: LocalInfo): boolean => guards?.source === "none" || guards?.source === "starter";
