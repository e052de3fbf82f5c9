// Sentences of a text in Markdown, each with its line. Code, links and pictures become words.
import MarkdownIt from "markdown-it";
import { CODE } from "./patterns.mjs";

const parser = new MarkdownIt({ html: true });

/** The end of a sentence: a mark, perhaps a closing bracket or quote, and then the start of another sentence. */
const END = /(?<!\b(?:e\.g|i\.e|vs|cf|etc|approx))[.!?][)\]"”'’*_]*\s+(?=["“([`*_]*[A-Z0-9\uE000])/g;

const cut = (text) => {
  const parts = [];
  let from = 0;
  for (const end of text.matchAll(END)) {
    parts.push({ from, text: text.slice(from, end.index + end[0].length) });
    from = end.index + end[0].length;
  }
  parts.push({ from, text: text.slice(from) });
  return parts;
};

/** The words of a block with the line of each of its characters. */
const flatten = (inline, line) => {
  let text = "";
  const codes = [];
  const lines = [];
  const add = (piece) => {
    for (let i = 0; i < piece.length; i++) lines.push(line);
    text += piece;
  };
  for (const token of inline.children ?? []) {
    if (token.type === "code_inline") {
      codes.push(token.content);
      add(CODE);
    } else if (token.type === "softbreak" || token.type === "hardbreak") {
      add(" ");
      line++;
    } else if (token.type === "text") add(token.content);
    else if (token.type === "image") add(token.content);
  }
  return { text, codes, lines };
};

/** A sentence as its author wrote it, on one line. */
const shown = (text, codes) => text.replaceAll(CODE, () => `\`${codes.shift()}\``).trim();

/** `{ line, text, shown, heading, codes }` for each sentence of a text in Markdown. Lines start at 1. */
export const sentencesOf = (markdown) => {
  const sentences = [];
  let block;
  let heading = false;
  for (const token of parser.parse(markdown, {})) {
    if (token.map) block = token.map[0];
    if (token.type === "heading_open") heading = true;
    if (token.type === "heading_close") heading = false;
    if (token.type !== "inline") continue;
    const { text, codes, lines } = flatten(token, block + 1);
    for (const part of cut(text)) {
      if (part.text.trim() === "") continue;
      const own = codes.splice(0, part.text.split(CODE).length - 1);
      sentences.push({
        line: lines[part.from],
        text: part.text.trim(),
        shown: shown(part.text, [...own]),
        heading,
        codes: own,
      });
    }
  }
  return sentences;
};

/** The rows of all tables of a text in Markdown, as the Markdown of their cells. */
export const rowsOf = (markdown) => {
  const rows = [];
  let isCell = false;
  for (const { type, content } of parser.parse(markdown, {})) {
    if (type === "tr_open") rows.push([]);
    if (type === "th_open" || type === "td_open") isCell = true;
    if (type === "inline" && isCell) rows.at(-1).push(content);
    if (type === "th_close" || type === "td_close") isCell = false;
  }
  return rows;
};
