import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type Problem, runRules } from "./run-rules";

const GLOSSARY =
  "| noun | what it is | not |\n|---|---|---|\n| enqueue | To add. | hand on, sieve |\n| notify | To send. | `tell` |\n";
const FINDER = "glossary.createFinder(glossary.readGlossary(input.page))";

const NAMES: [name: string, words: string[]][] = [
  ["createSieve", ["sieve"]],
  ["SIEVE_MS", ["sieve"]],
  ["handsOnTo", ["hands on"]],
  ["tellAndClose", ["tell"]],
  ["teller", []],
  ["handOne", []],
  ["enqueued", []],
];

test("finds ruled-out words in names, except in frozen names", () => {
  const found = runRules<Problem[][]>(`input.names.map(${FINDER}.ofName)`, {
    page: GLOSSARY,
    names: NAMES.map(([name]) => name),
  });
  expect(found.map((problems) => problems.map(({ match }) => match))).toEqual(NAMES.map(([, words]) => words));
});

test("finds them in texts, unless they are in code font", () => {
  const text = "It hands on the rest, to tell the client.";
  const found = runRules<Problem[]>(`${FINDER}.ofText(input.text)`, { page: GLOSSARY, text });
  expect(found.map(({ match }) => match)).toEqual(["hands on"]);
});

test("finds them in comments, strings, names and the file's name", () => {
  const source = "// The sieve of `tell`.\nconst sieve = `sieve of ${tell}`;\nconst b = sieve;";
  const problems = runRules<Problem[]>(`code.problemsOfCode(input.source, "a/sieve.ts", ${FINDER})`, {
    page: GLOSSARY,
    source,
  });
  expect(problems.map(({ line, match }) => `${line}: ${match}`)).toEqual([
    "1: sieve",
    "1: sieve",
    "1: tell",
    "2: sieve",
    "2: tell",
    "2: sieve",
  ]);
});

test("docs/glossary.md has each noun once", () => {
  const nouns = [...readFileSync(join(__dirname, "../../docs/glossary.md"), "utf8").matchAll(/^\| ([^|]+) \|/gm)]
    .map(([, noun]) => noun)
    .filter((noun) => noun !== "noun");
  expect(nouns.length).toBeGreaterThan(40);
  expect(new Set(nouns).size).toBe(nouns.length);
});
