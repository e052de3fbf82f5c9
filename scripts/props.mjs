#!/usr/bin/env node
// Writes the tables of props into docs/DEPLOY.md, from the doc comments: `node scripts/props.mjs`.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import ts from "typescript";

const root = fileURLToPath(new URL("..", import.meta.url));
const page = join(root, "docs/DEPLOY.md");

/** The interfaces that have a table, and the file each is in. */
const TABLES = {
  PushItProps: "infra/props/push-it-props.ts",
  ChannelOptions: "infra/props/channel-options.ts",
  HistoryOptions: "infra/props/channel-options.ts",
  GuardTimeouts: "infra/props/guard-timeouts.ts",
  Limits: "infra/props/client-limits.ts",
  RouteThrottling: "infra/props/options.ts",
  FunctionConcurrency: "infra/props/options.ts",
  GuardModuleProps: "infra/guards/guards.ts",
  GuardFunctions: "infra/guards/guard-functions.ts",
  ChannelGuardFunctions: "infra/guards/guard-functions.ts",
  GuardBundlingOptions: "infra/props/options.ts",
  AccessLogOptions: "infra/access-logs.ts",
};

/** The page with its tables as the doc comments say them now. */
export const withTables = (text) =>
  Object.entries(TABLES).reduce((result, [name, file]) => {
    const marked = new RegExp(`(<!-- props: ${name} -->\n)[^]*?(<!-- end -->)`);
    if (!marked.test(result)) throw new Error(`docs/DEPLOY.md has no table of ${name}`);
    return result.replace(marked, (_all, start, end) => start + tableOf(name, file) + end);
  }, text);

const tableOf = (name, file) => {
  const source = ts.createSourceFile(file, readFileSync(join(root, file), "utf8"), ts.ScriptTarget.ES2022, true);
  const declaration = source.statements.find((node) => ts.isInterfaceDeclaration(node) && node.name.text === name);
  const rows = declaration.members.map((member) => {
    const [comment] = member.jsDoc;
    const fallback = comment.tags.find(({ tagName }) => tagName.text === "default").comment;
    return `| \`${member.name.text}\` | ${flat(comment.comment)} | ${described(flat(fallback))} |\n`;
  });
  return `| prop | what | default |\n|---|---|---|\n${rows.join("")}`;
};

const flat = (comment) => ts.getTextOfJSDocComment(comment).replace(/\s+/g, " ").replaceAll("|", "\\|");

/** As the CDK writes them, a default in words begins with a dash; others are code. */
const described = (text) => (text.startsWith("- ") ? text.slice(2) : `\`${text}\``);

if (process.argv[1] === fileURLToPath(import.meta.url)) writeFileSync(page, withTables(readFileSync(page, "utf8")));
