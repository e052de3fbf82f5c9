// The project that is checked: its folder and its glossary.
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { createFinder, isUnchecked, readGlossary } from "./glossary.mjs";

export const ROOT = fileURLToPath(new URL("../../", import.meta.url));

const finder = createFinder(readGlossary(readFileSync(new URL("../../docs/glossary.md", import.meta.url), "utf8")));

/** The finder of words that the glossary rules out. `undefined` for files in which they are allowed. */
export const finderFor = (file) => (isUnchecked(file) ? undefined : finder);
