// The problems of one file of code.
import { parse } from "@typescript-eslint/parser";
import { commentsOf, messagesOf, testNameOf } from "./code.mjs";
import { problemsOf, problemsOfMessage, problemsOfName } from "./rules.mjs";

function* nodesBelow(node) {
  if (Array.isArray(node)) for (const item of node) yield* nodesBelow(item);
  if (typeof node?.type !== "string") return;
  yield node;
  for (const [key, value] of Object.entries(node))
    if (key !== "parent" && value && typeof value === "object") yield* nodesBelow(value);
}

const at = (line, problems) => problems.map((problem) => ({ ...problem, line: line + problem.line - 1 }));

export const problemsOfComments = (comments) =>
  commentsOf(comments).flatMap(({ line, text }) => at(line, problemsOf(text)));

export const problemsOfNode = (node) => {
  if (node.type !== "CallExpression" && node.type !== "NewExpression") return [];
  const name = node.type === "CallExpression" ? testNameOf(node) : undefined;
  const problems = [
    ...(name === undefined ? [] : problemsOfName(name)),
    ...(node.type === "NewExpression" ? messagesOf(node).flatMap(problemsOfMessage) : []),
  ];
  return at(node.loc.start.line, problems);
};

/** `{ line, sentence, hint }` for each problem in a file's comments, names of tests and messages of errors. */
export const problemsOfCode = (source, file) => {
  const ast = parse(source, { comment: true, loc: true, range: true, ecmaFeatures: { jsx: file.endsWith("x") } });
  return [...problemsOfComments(ast.comments), ...[...nodesBelow(ast.body)].flatMap(problemsOfNode)];
};
