import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** The environment variable that names the folder for records. */
export const RECORDS_VARIABLE = "PUSH_IT_SYNTHESIS_RECORDS";

/** The recorded actions of one process of a synthesis, as absolute paths. */
export interface Recorded {
  /** Files that it read. */
  reads: string[];
  /** Folders that it listed or copied. */
  folders: string[];
  /** Files that it wrote. */
  writes: string[];
  /** Files of JavaScript and TypeScript that it ran, or gave to another program. */
  programs: string[];
}

/** Everything that the processes of a synthesis have done. */
export const readRecords = (folder: string): Recorded => {
  const all = readdirSync(folder).map((name) => JSON.parse(readFileSync(join(folder, name), "utf8")) as Recorded);
  const of = (key: keyof Recorded): string[] => [...new Set(all.flatMap((each) => each[key]))];
  return { reads: of("reads"), folders: of("folders"), writes: of("writes"), programs: of("programs") };
};
