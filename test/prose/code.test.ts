import { type Problem, runRules } from "./run-rules";

const problemsOf = (source: string, file = "a.test.ts") =>
  runRules<Problem[]>(`code.problemsOfCode(input.source, input.file)`, { source, file }).map(
    ({ line, match, hint }) => `${line}: ${match ?? hint}`,
  );

test("checks comments, doc comments and their tags", () => {
  const source = [
    "// Nobody",
    "// reads this, and nobody",
    "// writes it.",
    "/**",
    " * Fine.",
    " * @param who nobody",
    " * @example nobody",
    " * @returns what is left",
    " */",
    "const a = 1; // nobody",
  ];
  expect(problemsOf(source.join("\n"))).toEqual(["1: Nobody", "1: nobody", "6: nobody", "8: what is", "10: nobody"]);
});

test("leaves directives and strings alone", () => {
  expect(problemsOf('// eslint-disable-next-line nobody\nconst text = "nobody";')).toEqual([]);
});

test("checks the names of tests, with placeholders as words", () => {
  const long = "a b c d e f g h i j k l";
  const source = [
    `it("${long} m", f);`,
    `test.each([1])("${long.slice(2)} %s", f);`,
    `test.each([1])("${long} %s", f);`,
    `describe.skip(\`${long} \${m}\`, f);`,
    'describe("nobody", () => {});',
    'regex.test("nobody");',
  ];
  const tooLong = "13 words: write at most 12";
  expect(problemsOf(source.join("\n"))).toEqual([`1: ${tooLong}`, `3: ${tooLong}`, `4: ${tooLong}`, "5: nobody"]);
});

test("checks the messages of errors", () => {
  expect(
    problemsOf('throw new TypeError("nobody");\nnew Failure("Fine.", `nobody ${a}`);\nnew Map("nobody");'),
  ).toEqual(["1: nobody", "2: nobody"]);
});
