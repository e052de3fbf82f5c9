import { join } from "node:path";
import { PassThrough } from "node:stream";
import { choose, type Given } from "../../create/questions.js";
import { templatesIn } from "../../create/templates.js";
import { folderWith, TEMPLATES } from "./support.js";

const { folder: templatesFolder, remove: removeTemplates } = folderWith(TEMPLATES);
const { folder, remove } = folderWith({ "full/notes.txt": "" });
afterAll(() => {
  removeTemplates();
  remove();
});

const templates = templatesIn(templatesFolder);
const NONE: Given = { folder: undefined, template: undefined };
const here = (name: string) => join(folder, name);

/** A terminal at which someone answers. An empty list ends the input at the first question. */
const terminal = (...answers: string[]) => {
  const input = Object.assign(new PassThrough(), { isTTY: true });
  let shown = "";
  const output = new PassThrough().on("data", (text: Buffer) => {
    shown += text.toString();
    if (!/\) $/.test(text.toString())) return;
    const answer = answers.shift();
    if (answer === undefined) input.end();
    else input.write(`${answer}\n`);
  });
  return { input, output, shown: () => shown };
};

describe("choose", () => {
  it("asks nothing if the command line has everything", async () => {
    const { folder: chosen, template } = await choose({ folder: here("a"), template: "plain" }, templates, terminal());
    expect([chosen, template.name]).toEqual([here("a"), "plain"]);
  });

  it("asks for the folder and the template, and lists the templates", async () => {
    const asked = terminal(here("b"), "plain");
    const { folder: chosen, template } = await choose(NONE, templates, asked);
    expect([chosen, template.name]).toEqual([here("b"), "plain"]);
    expect(asked.shown()).toMatch(/Folder[^]*chat +A chat[^]*plain +Nothing[^]*Template/);
  });

  it("takes the first template if the answer is empty", async () => {
    const asked = terminal("");
    const { template } = await choose({ ...NONE, folder: here("c") }, templates, asked);
    expect(template.name).toBe("chat");
    expect(asked.shown()).not.toContain("Folder");
  });

  it("refuses a folder that is not empty before it asks further", async () => {
    const asked = terminal();
    await expect(choose({ ...NONE, folder: here("full") }, templates, asked)).rejects.toThrow("is not empty");
    expect(asked.shown()).toBe("");
  });

  it("ends if the input ends", async () => {
    await expect(choose(NONE, templates, terminal())).rejects.toThrow("Nothing was created.");
  });

  it("names the missing arguments if the input is not a terminal", async () => {
    const input = new PassThrough();
    const given = { ...NONE, folder: here("d") };
    await expect(choose(given, templates, { input, output: new PassThrough() })).rejects.toMatchObject({
      message: "Missing: --template. The input is not a terminal to ask in.",
      next: `Run: npm create push-it-app@latest ${here("d")} -- --template chat`,
    });
  });
});
