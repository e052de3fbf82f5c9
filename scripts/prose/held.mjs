// The folders and pages that are held to the rules for plain English.

/** Folders and files of code. All others are not held yet: `node scripts/prose/cli.mjs FOLDER` prints what they need. */
export const HELD_CODE = [
  "eslint.config.mjs",
  "examples",
  "scripts/prose",
  "test/browser",
  "test/package",
  "test/prose",
  "test/python.ts",
  "test/run",
  "test/setup.ts",
  "test/update",
];

/** Pages. All others are not held yet. */
export const HELD_PAGES = ["docs/glossary.md", "examples/README.md"];
