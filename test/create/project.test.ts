import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { checkFolder, createProject } from "../../create/project.js";
import { templateNamed, templatesIn } from "../../create/templates.js";
import { folderWith, MANIFEST, TEMPLATES } from "./support.js";

const { folder: templatesFolder, remove: removeTemplates } = folderWith(TEMPLATES);
const { folder, remove } = folderWith({ "a-file": "", "full/notes.txt": "" });
afterAll(() => {
  removeTemplates();
  remove();
});

const templates = templatesIn(templatesFolder);
const [chat, plain] = [templateNamed("chat", templates), templateNamed("plain", templates)];
const step = (next: RegExp): Error =>
  expect.objectContaining({ name: "UserError", next: expect.stringMatching(next) }) as Error;

describe("createProject", () => {
  it("copies the template, and gives .gitignore its name back", () => {
    const target = join(folder, "apps/my-app");
    createProject(target, chat, "1.2.3");
    expect(readdirSync(target).sort()).toEqual([".gitignore", "package.json", "src"]);
    expect(readFileSync(join(target, ".gitignore"), "utf8")).toBe("node_modules/\n");
    expect(readFileSync(join(target, "src/main.ts"), "utf8")).toBe("main();\n");
  });

  it("names the package after the folder, and pins only our packages", () => {
    const target = join(folder, "named");
    createProject(target, chat, "1.2.3");
    expect(JSON.parse(readFileSync(join(target, "package.json"), "utf8"))).toEqual({
      ...MANIFEST,
      name: "named",
      dependencies: { "push-it-client": "^1.2.3", react: "^19.0.0" },
      devDependencies: { "push-it-cli": "^1.2.3" },
    });
  });

  it("adds no group of packages that the template does not have", () => {
    createProject(join(folder, "bare"), plain, "1.2.3");
    expect(readFileSync(join(folder, "bare/package.json"), "utf8")).not.toMatch(/dependencies/i);
  });

  it("refuses the name of a package that the project needs", () => {
    expect(() => createProject(join(folder, "react"), chat, "1.2.3")).toThrow(step(/another folder/));
    expect(readdirSync(folder)).not.toContain("react");
  });
});

describe("checkFolder", () => {
  it.each(["My-App", "my app", ".hidden", "_under", "node_modules", "favicon.ico", "ä", "x".repeat(215)])(
    "refuses the name %s",
    (name) => expect(() => checkFolder(join(folder, name))).toThrow(step(/^Choose a name of at most 214/)),
  );

  it.each(["a", "my-app", "my_app.2", "0"])("takes the name %s", (name) =>
    expect(() => checkFolder(join(folder, name))).not.toThrow(),
  );

  it("refuses a file, and a folder that is not empty", () => {
    expect(() => checkFolder(join(folder, "a-file"))).toThrow(step(/new or empty/));
    expect(() => checkFolder(join(folder, "full"))).toThrow("is not empty: it has notes.txt.");
  });

  it("takes an empty folder, with or without a git repository", () => {
    mkdirSync(join(folder, "empty"));
    checkFolder(join(folder, "empty"));
    mkdirSync(join(folder, "empty/.git"));
    writeFileSync(join(folder, "empty/.git/HEAD"), "");
    checkFolder(join(folder, "empty"));
  });
});

describe("templateNamed", () => {
  it("lists the templates if there is none of this name", () => {
    expect(() => templateNamed("vue", templates)).toThrow(step(/^Choose one of: chat, plain\.$/));
  });
});
