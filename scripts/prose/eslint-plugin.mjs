// An ESLint plugin of our own: comments, names of tests and messages of errors are plain English.
import { relative } from "node:path";
import { VISITED, createCodeCheck } from "./check-code.mjs";
import { ROOT, finderFor } from "./project.mjs";
import { messageOf } from "./rules.mjs";

const plainEnglish = {
  meta: {
    type: "suggestion",
    docs: { description: "plain English in comments, names of tests and messages of errors" },
    schema: [],
  },
  create(context) {
    const file = relative(ROOT, context.filename);
    const check = createCodeCheck(file, finderFor(file));
    const report = (problem) =>
      context.report({ loc: { line: problem.line, column: 0 }, message: messageOf(problem).replaceAll("{{", "{ {") });
    const visit = (node) => check.node(node).forEach(report);
    return {
      Program: () => [...check.file(), ...check.comments(context.sourceCode.getAllComments())].forEach(report),
      ...Object.fromEntries(VISITED.map((type) => [type, visit])),
    };
  },
};

export const prose = { rules: { "plain-english": plainEnglish } };
