import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { replaceSection } from "../../../tools/bench/page.js";
import { markdown } from "./table.js";

/** The page that shows the matrix. */
export const PAGE = join(__dirname, "../../../docs/GUARDS.md");

/** The page with the matrix as the test's data has it. */
export const pageWithMatrix = (): string => replaceSection(readFileSync(PAGE, "utf8"), "matrix", markdown());

if (require.main === module) writeFileSync(PAGE, pageWithMatrix());
