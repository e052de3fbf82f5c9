// The templates of create-push-it-app: each example that is a package of its own, as its files are here.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** Outputs of programs in an example, and pictures of it. */
const LEFT_OUT = /^(node_modules|dist|cdk\.out|\.push-it|\.next|\.svelte-kit|next-env\.d\.ts|.*\.(png|tsbuildinfo))$/;

/** Files whose names npm leaves out of a package. The command gives the name back. */
const RENAMED = { ".gitignore": "gitignore" };

const filesIn = (root, folder) =>
  readdirSync(join(root, folder), { withFileTypes: true })
    .filter(({ name }) => !LEFT_OUT.test(name))
    .flatMap((entry) => {
      const path = `${folder}/${entry.name}`;
      return entry.isDirectory() ? filesIn(root, path) : [path];
    });

/** The files of all templates, by their paths in this repository. */
export const templateSources = (root) =>
  readdirSync(join(root, "examples"))
    .filter((name) => existsSync(join(root, "examples", name, "package.json")))
    .flatMap((name) => filesIn(root, `examples/${name}`));

/** A page without its pictures, and without links to pages that only this repository has. */
export const standingAlone = (page) =>
  page.replace(/^!\[[^\]]*\]\([^)]*\)\n\n?/gm, "").replace(/\[([^\]]*)\]\(\.\.\/[^)]*\)/g, "$1");

/** The files of all templates, as the package has them: `{ path, contents }`. */
export const templateFiles = (root) =>
  templateSources(root).map((source) => {
    const [, ...path] = source.split("/");
    const name = path.pop();
    const contents = readFileSync(join(root, source));
    return {
      path: join(root, "create/dist/templates", ...path, RENAMED[name] ?? name),
      contents: name.endsWith(".md") ? Buffer.from(standingAlone(contents.toString())) : contents,
    };
  });
