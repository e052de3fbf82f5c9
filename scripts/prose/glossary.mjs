// The words that docs/glossary.md rules out: in texts, and as parts of names.
import { EXCEPTIONS, UNCHECKED } from "./exceptions.mjs";
import { rowsOf } from "./sentences.mjs";

/** The words of a name or a text, in lower case: `tellAndClose`, `TELL_MS` and "tells a client" begin with a verb each. */
const partsOf = (text) =>
  text
    .replace(/([\p{Ll}\d])(\p{Lu})/gu, "$1 $2")
    .replace(/(\p{Lu}+)(\p{Lu}\p{Ll})/gu, "$1 $2")
    .toLowerCase()
    .split(/[^\p{L}\d]+/u)
    .filter((part) => part !== "");

/** A word with its usual endings. */
const formsOf = (word) => {
  const stem = word.replace(/[ey]$/, "");
  const endings = word.endsWith("y") ? ["ies", "ied", "ying"] : ["s", "es", "ed", "er", "ing"];
  return [word, `${word}s`, ...endings.map((ending) => stem + ending)];
};

/** The glossary's words: `{ noun, parts, onlyNames }`. */
export const readGlossary = (markdown) =>
  rowsOf(markdown).flatMap(([noun, , not]) =>
    (not?.match(/`[^`]+`|[^,`]+/g) ?? [])
      .map((word) => ({ noun, word: word.trim(), onlyNames: word.trim().startsWith("`") }))
      .map(({ word, ...rest }) => ({ ...rest, parts: partsOf(word) }))
      .filter(({ parts, noun: name }) => parts.length > 0 && name !== "noun"),
  );

const shorten = (text) => (text.length > 100 ? `${text.slice(0, 97)}…` : text);

/** Finds a glossary's words in names and texts. */
export const createFinder = (glossary) => {
  const entries = glossary.map(({ parts, noun, onlyNames }) => ({
    noun,
    onlyNames,
    forms: parts.map((part) => new Set(onlyNames && parts.length === 1 ? [part] : formsOf(part))),
  }));
  const find = (text, isName) => {
    const parts = partsOf(text);
    const found = entries.flatMap(({ forms, noun, onlyNames }) => {
      const at = parts.findIndex((_, i) => forms.every((form, k) => form.has(parts[i + k])));
      if (at < 0 || (onlyNames && !isName)) return [];
      return [
        {
          sentence: shorten(text),
          match: parts.slice(at, at + forms.length).join(" "),
          hint: `the glossary has "${noun}"`,
        },
      ];
    });
    // "attendance" is found by itself and as a form of "attend".
    return found.filter(({ match }, i) => found.findIndex((other) => other.match === match) === i);
  };
  const ofName = (name) => (EXCEPTIONS.has(name) ? [] : find(name, true));
  return {
    ofName,
    ofText: (text) => (EXCEPTIONS.has(text) ? [] : find(text, false)),
    /** Of a sentence with pieces of code, which are names. */
    ofSentence: ({ line, text, codes }) =>
      [...find(text, false), ...codes.flatMap((code) => (code.match(/[\w$]+/g) ?? []).flatMap(ofName))].map(
        (problem) => ({ ...problem, line }),
      ),
  };
};

export const isUnchecked = (file) => UNCHECKED.some((path) => file.startsWith(path));
