// The problems of one file of code.
import { basename } from "node:path";
import tseslint from "typescript-eslint";
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

const NAMES = ["Identifier", "PrivateIdentifier", "JSXIdentifier"];

/** The types of nodes that a check looks at. */
export const VISITED = [...NAMES, "Literal", "TemplateElement", "CallExpression", "NewExpression"];

/** The string that a node is; `undefined` for other nodes. */
const stringOf = (node) => {
  if (node.type === "Literal" && typeof node.value === "string") return node.value;
  return node.type === "TemplateElement" ? node.value.cooked : undefined;
};

/**
 * The check of one file.
 * @param finder finds the words that the glossary rules out; left out for files in which they are allowed
 */
export const createCodeCheck = (file, finder) => {
  /** The names and strings that have been checked: each is reported once a file. */
  const seen = new Set();
  const once = (text, find) => {
    if (seen.has(text)) return [];
    seen.add(text);
    return find(text).map((problem) => ({ ...problem, line: 1 }));
  };
  const words = (node) => {
    if (!finder) return [];
    if (NAMES.includes(node.type)) return once(node.name, finder.ofName);
    const string = stringOf(node);
    return string === undefined ? [] : once(string, finder.ofText);
  };
  const prose = (node) => {
    const name = node.type === "CallExpression" ? testNameOf(node) : undefined;
    return [
      ...(name === undefined ? [] : problemsOfName(name)),
      ...(node.type === "NewExpression" ? messagesOf(node).flatMap(problemsOfMessage) : []),
    ];
  };
  return {
    file: () => (finder?.ofName(basename(file).replace(/\..*/, "")) ?? []).map((problem) => ({ ...problem, line: 1 })),
    comments: (comments) => commentsOf(comments).flatMap(({ line, text }) => at(line, problemsOf(text, finder))),
    node: (node) => at(node.loc.start.line, [...words(node), ...prose(node)]),
  };
};

/** `{ line, sentence, hint }` for each problem in a file's name, comments, names and strings. */
export const problemsOfCode = (source, file, finder) => {
  const { ast } = tseslint.parser.parseForESLint(source, {
    comment: true,
    loc: true,
    range: true,
    filePath: file,
    ecmaFeatures: { jsx: file.endsWith("x") },
  });
  const check = createCodeCheck(file, finder);
  return [...check.file(), ...check.comments(ast.comments), ...[...nodesBelow(ast.body)].flatMap(check.node)];
};
