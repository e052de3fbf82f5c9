import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import { ROOT } from "./processes.js";

const textOf = (path: string): string => readFileSync(join(ROOT, path), "utf8");

/** Folders of other people's pages, and of generated ones. */
const SKIPPED = ["node_modules", "dist", "cdk.out", ".git", ".push-it"];

/** Every page in Markdown below a folder. */
const pagesBelow = (folder: string): string[] =>
  readdirSync(join(ROOT, folder), { withFileTypes: true })
    .filter(({ name }) => !SKIPPED.includes(name))
    .flatMap((entry) => {
      const path = join(folder, entry.name);
      return entry.isDirectory() ? pagesBelow(path) : path.endsWith(".md") ? [path] : [];
    });

const withoutCode = (markdown: string): string => markdown.replace(/^```.*?^```/gms, "");

/** The anchors of a page's headings, as GitHub makes them. */
const anchorsOf = (page: string): string[] =>
  [...withoutCode(textOf(page)).matchAll(/^#+ (.*)$/gm)].map(([, heading]) =>
    heading!
      .replace(/\[([^\]]*)\]\([^)]*\)/g, "$1")
      .toLowerCase()
      .replace(/[^\p{L}\p{N}_\- ]/gu, "")
      .replaceAll(" ", "-"),
  );

describe("the documents", () => {
  it("link to pages, files and headings that exist", () => {
    const pages = pagesBelow("");
    expect(pages.length).toBeGreaterThan(20);
    const broken = pages.flatMap((page) =>
      [...withoutCode(textOf(page)).matchAll(/\]\((?!https?:|mailto:)([^)\s]+)\)/g)]
        .map(([, link]) => link!)
        .filter((link) => {
          const [path, anchor] = link.split("#");
          const target = path ? normalize(join(dirname(page), path)) : page;
          if (!existsSync(join(ROOT, target))) return true;
          return Boolean(anchor) && target.endsWith(".md") && !anchorsOf(target).includes(anchor!);
        })
        .map((link) => `${page}: ${link}`),
    );
    expect(broken).toEqual([]);
  });
});

describe("CONTRIBUTING.md and the decisions", () => {
  const FOLDERS = "protocol|client|server|lambdas|infra|local|create|tools|scripts|examples|docs|test";
  const PATH = new RegExp(`\`((?:${FOLDERS})/[\\w./-]*)\``, "g");

  it("name files and folders that exist", () => {
    const missing = ["CONTRIBUTING.md", ...pagesBelow("docs/adr")].flatMap((page) =>
      [...textOf(page).matchAll(PATH)]
        .filter(([, path]) => !existsSync(join(ROOT, path!)))
        .map(([, path]) => `${page}: ${path}`),
    );
    expect(missing).toEqual([]);
  });

  it("name scripts that package.json has", () => {
    const { scripts } = JSON.parse(textOf("package.json")) as { scripts: Record<string, string> };
    const named = [...textOf("CONTRIBUTING.md").matchAll(/npm (?:run )?([a-z][\w:]*)/g)].map(([, name]) => name!);
    const known = ["ci", "publish", ...Object.keys(scripts)];
    expect(named.filter((name) => !known.includes(name))).toEqual([]);
  });
});

describe("the decisions in docs/adr", () => {
  const files = readdirSync(join(ROOT, "docs/adr")).filter((file) => file !== "README.md");

  it("are numbered without a gap", () => {
    expect(files.map((file) => Number(file.slice(0, 4)))).toEqual(files.map((_, index) => index + 1));
  });

  it("each have a status, a context, a decision, alternatives and consequences", () => {
    for (const file of files) {
      const text = textOf(`docs/adr/${file}`);
      const headings = [...text.matchAll(/^## (.*)$/gm)].map(([, heading]) => heading);
      expect([file, ...headings]).toEqual([file, "Context", "Decision", "Alternatives considered", "Consequences"]);
      expect([file, text]).toEqual([file, expect.stringMatching(/^Status: (accepted|superseded by .+)$/m)]);
    }
  });

  it("are all in the index, with their titles", () => {
    const rows = files.map((file) => {
      const [, number, title] = /^# (\d{4}): (.*)$/m.exec(textOf(`docs/adr/${file}`))!;
      return `| [${number}](${file}) | ${title} |`;
    });
    expect(textOf("docs/adr/README.md").match(/^\| \[.*$/gm)).toEqual(rows);
  });
});
