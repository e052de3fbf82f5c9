import { type Problem, runRules } from "./run-rules";

const WORDY = `${"word ".repeat(25)}word.`;

/** Each text with the words that the rules find in it. */
const BAD = {
  "Nobody receives it.": ["Nobody"],
  "It closes the connections of agents whom no worker reached.": ["whom"],
  "Drops the rows of those who left.": ["those who"],
  "The server starts another one that reads on.": ["one that"],
  "The client is told about it.": ["told"],
  "An agent hears a channel.": ["hears"],
  "The worker gives up after a minute.": ["gives up"],
  "The host buries the thread.": ["buries"],
  "A thread runs beside the function.": ["beside"],
  "This is no verdict.": ["is no"],
  "It keeps what is published.": ["what is"],
  "What is forgotten is asked for.": ["What"],
  "Where it fails, Lambda retries.": ["Where"],
  "Who publishes reads the reply.": ["Who"],
  "It keeps messages for who was away.": ["for who"],
  "Kept is the last message.": ["Kept is"],
  "Returns `undefined` where the row is missing.": ["\uE000 where"],
};

const GOOD = [
  "The channel is no longer used.",
  "There is no history on this channel.",
  "There are also no members.",
  "For users who publish often, raise the limit.",
  "The guard decides who connects.",
  "The error says what is wrong.",
  "Besides, it costs nothing.",
  "What is a guard?",
  "Who may publish?",
  "Speed is everything.",
  'The wire has the field "told".',
  "The row has the attribute `told`.",
  "The folder where the bundle is.",
  "A sentence of code: `nobody is told whom`.",
];

const half = "word ".repeat(20);
const short = "word ".repeat(22);
const PAGE =
  "# Page\n\nFine.\nFine, and nobody\nelse.\n\n```ts\n// nobody\n```\n\n| a | b |\n|---|---|\n| c | nobody |\n";

/** Texts about the length of sentences, each with whether one of them is too long. */
const LENGTHS: [name: string, text: string, isTooLong: boolean][] = [
  ["26 words", WORDY, true],
  ["25 words", WORDY.slice(5), false],
  ["code, a link and a list of code", `${short}\`a b c\` [d](https://example.com) \`e\`, \`f\` and \`g\`.`, false],
  ["two sentences", `${half}end. Another ${half}`, false],
  ["one sentence with e.g.", `${half}e.g. Another ${half}`, true],
  ["paragraphs and items", `${half}\n\n${half}\n\n- ${half}\n- ${half}`, false],
  ["the cells of a table", `| a | b |\n|---|---|\n| ${half} | ${half} |`, false],
];

let problems: Map<string, Problem[]>;
beforeAll(() => {
  const texts = [...Object.keys(BAD), ...GOOD, ...LENGTHS.map(([, text]) => text), PAGE];
  const found = runRules<Problem[][]>("input.map((text) => rules.problemsOf(text))", texts);
  problems = new Map(texts.map((text, i) => [text, found[i]!]));
});

test.each(Object.entries(BAD))("finds the pattern in: %s", (text, matches) => {
  expect(problems.get(text)!.map(({ match }) => match)).toEqual(matches);
});

test.each(GOOD)("accepts: %s", (text) => {
  expect(problems.get(text)).toEqual([]);
});

test.each(LENGTHS)("counts the words of %s", (_, text, isTooLong) => {
  const tooLong = problems.get(text)!.filter(({ hint }) => /^\d+ words: write at most 25$/.test(hint));
  expect(tooLong).toHaveLength(isTooLong ? 1 : 0);
});

test("names the line of a sentence in a page", () => {
  expect(problems.get(PAGE)!.map(({ line }) => line)).toEqual([4, 13]);
});
