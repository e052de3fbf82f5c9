import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { UserError } from "./user-error.js";

/** A template in this package. */
export interface Template {
  name: string;
  /** The description in its manifest. */
  description: string;
  /** The folder of its files. */
  folder: string;
}

/** The templates below a folder, by name. */
export const templatesIn = (folder: string): Template[] =>
  readdirSync(folder)
    .sort()
    .map((name) => {
      const manifest = readFileSync(join(folder, name, "package.json"), "utf8");
      const { description = "" } = JSON.parse(manifest) as { description?: string };
      return { name, description, folder: join(folder, name) };
    });

/**
 * The template of a name.
 * @throws UserError if there is none
 */
export const templateNamed = (name: string, templates: Template[]): Template => {
  const template = templates.find((each) => each.name === name);
  const names = templates.map((each) => each.name).join(", ");
  if (!template) throw new UserError(`There is no template "${name}".`, `Choose one of: ${names}.`);
  return template;
};
