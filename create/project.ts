import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, renameSync, statSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import type { Template } from "./templates.js";
import { UserError } from "./user-error.js";

/** A name that npm takes for a new package, without a scope. */
const NAME = /^[a-z0-9][a-z0-9._-]*$/;

/** The longest name that npm takes, in characters. */
const NAME_LENGTH = 214;

/** Names that npm refuses although their letters are right. */
const RESERVED = ["node_modules", "favicon.ico"];

/** Entries of a folder that still counts as empty: `git init` may come first. */
const IGNORED = [".git"];

/** The groups of packages in a manifest. */
const GROUPS = ["dependencies", "devDependencies"] as const;

type Manifest = { name: string } & Partial<Record<(typeof GROUPS)[number], Record<string, string>>>;

/** The packages of Push-It. They all have the version of this one. */
const isOurs = (name: string): boolean => name.startsWith("push-it-");

/**
 * Checks that a new project can be in a folder.
 * @param folder an absolute path
 * @throws UserError if its name cannot be a package's, or if it holds something
 */
export const checkFolder = (folder: string): void => {
  const name = basename(folder);
  if (!NAME.test(name) || name.length > NAME_LENGTH || RESERVED.includes(name)) {
    const rule = `at most ${NAME_LENGTH} lowercase letters, digits, ".", "_" and "-", with a letter or a digit first`;
    throw new UserError(`The folder's name "${name}" cannot be the name of a package.`, `Choose a name of ${rule}.`);
  }
  if (!existsSync(folder)) return;
  if (!statSync(folder).isDirectory()) throw new UserError(`${folder} is a file.`, "Choose a new or empty folder.");
  const [found] = readdirSync(folder).filter((entry) => !IGNORED.includes(entry));
  if (found !== undefined)
    throw new UserError(`The folder ${folder} is not empty: it has ${found}.`, "Choose a new or empty folder.");
};

/** The manifest of a project that has a template's. */
const manifestOf = (template: Manifest, name: string, version: string): Manifest => {
  const manifest = { ...template, name };
  for (const group of GROUPS) {
    const packages = Object.entries(template[group] ?? {});
    const ours = packages.map(([each, range]) => [each, isOurs(each) ? `^${version}` : range]);
    if (packages.length > 0) manifest[group] = Object.fromEntries(ours) as Record<string, string>;
  }
  return manifest;
};

/**
 * Writes a project into a new or empty folder. The folder's name becomes the package's name.
 * @param folder an absolute path
 * @param version the version of all packages of Push-It in the project
 * @throws UserError if the project cannot be in this folder
 */
export const createProject = (folder: string, template: Template, version: string): void => {
  checkFolder(folder);
  const name = basename(folder);
  const manifest = JSON.parse(readFileSync(join(template.folder, "package.json"), "utf8")) as Manifest;
  // npm does not install a package into a project of the same name.
  if (GROUPS.some((group) => manifest[group]?.[name] !== undefined))
    throw new UserError(`The project needs the package ${name}, and cannot have its name.`, "Choose another folder.");
  mkdirSync(folder, { recursive: true });
  cpSync(template.folder, folder, { recursive: true });
  // npm packs no file of the name .gitignore.
  if (existsSync(join(folder, "gitignore"))) renameSync(join(folder, "gitignore"), join(folder, ".gitignore"));
  const text = JSON.stringify(manifestOf(manifest, name, version), undefined, 2);
  writeFileSync(join(folder, "package.json"), `${text}\n`);
};
