// The rules for plain English, as pure functions of a text.
import { CODE, PATTERNS } from "./patterns.mjs";
import { sentencesOf } from "./sentences.mjs";

const MAX_WORDS = 25;
const MAX_WORDS_OF_A_TEST = 12;

/** Several pieces of code in a row are one word: `a`, `b` and `c`. */
const CODES = new RegExp(`${CODE}(?:(?:, (?:and |or )?| (?:and|or) |/|, ?)${CODE})+`, "g");

const wordsOf = (sentence) =>
  sentence
    .replace(CODES, CODE)
    .split(/\s+/)
    .filter((word) => /[\p{L}\p{N}%$\uE000]/u.test(word)).length;

/** Quoted text is not checked for patterns, but its words count. */
const withoutQuotes = (sentence) =>
  sentence.replace(/"[^"]*"|“[^”]*”/g, (quote) => `"${"\uE001".repeat(quote.length - 2)}"`);

/** The problems of one sentence: `{ match, hint }`. */
const problemsOfSentence = ({ text, heading = false }, maxWords) => {
  const problems = [];
  const words = wordsOf(text);
  if (words > maxWords) problems.push({ hint: `${words} words: write at most ${maxWords}` });
  const plain = withoutQuotes(text);
  for (const { pattern, hint, heading: alsoHeadings = true } of PATTERNS) {
    if (heading && !alsoHeadings) continue;
    for (const [match] of plain.matchAll(pattern)) problems.push({ match: match.trim(), hint });
  }
  return problems;
};

/**
 * `{ line, sentence, match, hint }` for each problem of a text in Markdown. Lines start at 1.
 * @param finder finds the words that the glossary rules out
 */
export const problemsOf = (markdown, finder) =>
  sentencesOf(markdown).flatMap((sentence) => [
    ...problemsOfSentence(sentence, MAX_WORDS).map((problem) => ({
      line: sentence.line,
      sentence: sentence.shown,
      ...problem,
    })),
    ...(finder?.ofSentence(sentence) ?? []),
  ]);

/** The problems of a test's name. */
export const problemsOfName = (name) =>
  problemsOfSentence({ text: name }, MAX_WORDS_OF_A_TEST).map((problem) => ({ line: 1, sentence: name, ...problem }));

/** The problems of an error's message, which is not Markdown. */
export const problemsOfMessage = (message) =>
  problemsOfSentence({ text: message }, MAX_WORDS).map((problem) => ({ line: 1, sentence: message, ...problem }));

/** A problem as one line: the sentence, the words that were found, and what to write instead. */
export const messageOf = ({ sentence, match, hint }) => {
  const short = sentence.length > 100 && !match ? `${sentence.slice(0, 97)}…` : sentence;
  return match ? `${short} → "${match}": ${hint}` : `${short} → ${hint}`;
};
