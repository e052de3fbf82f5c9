// An ESLint plugin of our own: comments, names of tests and messages of errors are plain English.
import { problemsOfComments, problemsOfNode } from "./check-code.mjs";
import { messageOf } from "./rules.mjs";

const plainEnglish = {
  meta: {
    type: "suggestion",
    docs: { description: "plain English in comments, names of tests and messages of errors" },
    schema: [],
  },
  create(context) {
    const report = (problem) =>
      context.report({ loc: { line: problem.line, column: 0 }, message: messageOf(problem).replaceAll("{{", "{ {") });
    const check = (node) => problemsOfNode(node).forEach(report);
    return {
      Program: () => problemsOfComments(context.sourceCode.getAllComments()).forEach(report),
      CallExpression: check,
      NewExpression: check,
    };
  },
};

export const prose = { rules: { "plain-english": plainEnglish } };
