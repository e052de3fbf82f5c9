import { readFileSync } from "node:fs";
import { join } from "node:path";
import { stepsOf } from "../../scripts/release-dry/quick-start.js";
import { PACKAGES } from "./packs.js";
import { ROOT } from "./processes.js";

/* `npm run release:dry` follows the quick start, which takes minutes. Here is whether it finds its steps. */

const steps = stepsOf(readFileSync(join(ROOT, "docs/QUICKSTART.md"), "utf8"));

test("the quick start has files, commands and the local run in order", () => {
  const names = steps.map((step) => (step.kind === "file" ? step.name : step.kind));
  expect(names).toEqual([
    "run",
    "guards.ts",
    "app.ts",
    "cdk.json",
    "serve",
    "page.ts",
    "index.html",
    "run",
    "back-end.mjs",
    "run",
  ]);
});

test("the quick start installs all packages", () => {
  const { create: _, ...packages } = PACKAGES;
  const commands = steps.flatMap((step) => (step.kind === "run" ? step.commands : []));
  const installed = commands
    .filter((command) => command.startsWith("npm install "))
    .flatMap((command) => command.split(" "));
  expect(installed).toEqual(expect.arrayContaining(Object.values(packages)));
});

test("README goes from an empty folder to a page by four commands", () => {
  expect(stepsOf(readFileSync(join(ROOT, "README.md"), "utf8"))).toEqual([
    {
      kind: "run",
      commands: ["npm create push-it-app@latest my-chat -- --template react-chat", "cd my-chat", "npm install"],
    },
    { kind: "serve", command: expect.stringMatching(/^npm start +# /) },
  ]);
});

test("a block without a mark is for readers alone", () => {
  expect(
    stepsOf(
      "```sh\nrm -rf /\n```\n<!-- run -->\n```sh\na\nb\n```\n<!-- file: x.json -->\n```json\n{}\n```\n<!-- serve -->\n```sh\nc\n```\n<!-- serve -->\n```sh\nd\ne\n```\n",
    ),
  ).toEqual([
    { kind: "run", commands: ["a", "b"] },
    { kind: "file", name: "x.json", text: "{}\n" },
    { kind: "serve", command: "c" },
    { kind: "run", commands: ["d"] },
    { kind: "serve", command: "e" },
  ]);
});
