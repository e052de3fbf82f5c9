// The folders and pages that are held to the rules for plain English.

/** Folders and files of code. All others are not held yet: `node scripts/prose/cli.mjs FOLDER` prints what they need. */
export const HELD_CODE = ["protocol", "client/src", "scripts/prose", "test/prose"];

/** Pages. All others are not held yet. */
export const HELD_PAGES = [
  "README.md",
  "client/README.md",
  "docs/CLIENT.md",
  "docs/GUARDS.md",
  "docs/PROTOCOL.md",
  "docs/glossary.md",
  "local/README.md",
  "server/README.md",
];
