// Finds the texts in a file of code: comments, names of tests, messages of errors.

const DIRECTIVE =
  /^\s*(?:eslint|@ts-|prettier-ignore|cspell|spell-checker|istanbul|c8|v8|webpack|@vite|#__PURE__|\/\s*<reference|global\s|@jest-)/;

/** Sections of a doc comment: its description and each of its tags. An example is code. */
const sectionsOf = (lines, firstLine) => {
  const sections = [];
  let section = { line: firstLine, lines: [] };
  lines.forEach((line, index) => {
    const tag = /^\s*@(\w+)\s?(?:\{[^}]*\}\s?)?/.exec(line);
    if (!tag) {
      section.lines.push(line);
      return;
    }
    sections.push(section);
    const rest = line.slice(tag[0].length);
    const isCode = ["example", "see", "typedef", "type", "template"].includes(tag[1]);
    const text = tag[1] === "param" ? rest.replace(/^\S+\s*(?:-\s*)?/, "") : rest;
    section = { line: firstLine + index, lines: isCode ? [] : [text], isCode };
  });
  sections.push(section);
  return sections
    .filter(({ isCode }) => !isCode)
    .map(({ line, lines: own }) => ({ line, text: own.join("\n").replace(/\{@link\s+([^}]*)\}/g, "`$1`") }));
};

const withoutStars = (comment) =>
  comment.value.split("\n").map((line, index) => line.replace(index ? /^\s*\*? ?/ : /^\*? ?/, ""));

/** Comments on lines that follow each other are one text. */
const runsOf = (comments) => {
  const runs = [];
  for (const comment of comments) {
    const previous = runs.at(-1)?.at(-1);
    const follows =
      previous?.type === "Line" &&
      comment.type === "Line" &&
      comment.loc.start.line === previous.loc.start.line + 1 &&
      comment.loc.start.column === previous.loc.start.column;
    if (follows) runs.at(-1).push(comment);
    else runs.push([comment]);
  }
  return runs;
};

/** `{ line, text }` for each text in comments. */
export const commentsOf = (comments) =>
  runsOf(comments.filter(({ value, type }) => type !== "Shebang" && !DIRECTIVE.test(value))).flatMap((run) => {
    const lines = run[0].type === "Block" ? withoutStars(run[0]) : run.map(({ value }) => value.replace(/^\/? ?/, ""));
    return sectionsOf(lines, run[0].loc.start.line);
  });

/** The text of a string expression. Expressions in it are one word each. */
const textOf = (node) => {
  if (node?.type === "Literal" && typeof node.value === "string") return node.value;
  if (node?.type === "TemplateLiteral") return node.quasis.map(({ value }) => value.cooked).join("\uE000");
  if (node?.type !== "BinaryExpression" || node.operator !== "+") return undefined;
  const [left, right] = [textOf(node.left), textOf(node.right)];
  return left === undefined && right === undefined ? undefined : `${left ?? "\uE000"}${right ?? "\uE000"}`;
};

const rootOf = (callee) =>
  callee.type === "Identifier"
    ? callee.name
    : rootOf(callee.object ?? callee.callee ?? callee.tag ?? { type: "Identifier" });

/** The name that a call gives to a test or to a group of tests, if it does. `pythonTest` is such a call, too. */
export const testNameOf = (call) =>
  /^(?:it|test|describe)$|Test$/.test(rootOf(call.callee) ?? "") ? textOf(call.arguments[0]) : undefined;

/** The texts of an error that an expression makes. */
export const messagesOf = ({ callee, arguments: given }) =>
  /(?:Error|Failure)$/.test(callee.name ?? "") ? given.map(textOf).filter((text) => text !== undefined) : [];
