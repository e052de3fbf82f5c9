// Spelling in comments, strings and pages, by the dictionaries of cspell and by words.txt. It needs no network.
import { lint } from "cspell";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

const CACHE = "node_modules/.cache/cspell";

/** `{ file, line, sentence, hint }` for each unknown word in some files. */
export const misspellings = async (root, files) => {
  const problems = [];
  const reporter = {
    issue: ({ uri, text, row, suggestionsExt = [] }) => {
      const file = files.find((each) => pathToFileURL(join(root, each)).href === uri);
      const [suggestion] = suggestionsExt.filter(({ isPreferred }) => isPreferred);
      const hint = suggestion ? `write "${suggestion.word}"` : "correct it, or add it to scripts/prose/words.txt";
      problems.push({ file, line: row, sentence: `unknown word "${text}"`, hint });
    },
    info: () => {},
    debug: () => {},
    error: (message, error) => {
      throw error ?? new Error(message);
    },
    progress: () => {},
    result: () => {},
  };
  const options = {
    root,
    config: join(root, "cspell.json"),
    cache: true,
    cacheLocation: join(root, CACHE),
    fileLists: [],
    progress: false,
  };
  await lint(
    files.map((file) => join(root, file)),
    { ...options, mustFindFiles: false, dot: true },
    reporter,
  );
  return problems;
};
