// The folders and pages that are held to the rules for plain English.

/** Folders and files of code. All others are not held yet: `node scripts/prose/cli.mjs FOLDER` prints what they need. */
export const HELD_CODE = [
  "eslint.config.mjs",
  "examples",
  "protocol",
  "client/src",
  "lambdas/delivery",
  "lambdas/publish",
  "lambdas/routes",
  "lambdas/workers",
  "server/guards",
  "server/publisher",
  "scripts/prose",
  "test/browser",
  "test/client",
  "test/package",
  "test/prose",
  "test/protocol",
  "test/python.ts",
  "test/run",
  "test/server",
  "test/setup.ts",
  "test/update",
];

/** Pages. All others are not held yet. */
export const HELD_PAGES = [
  "CONTRIBUTING.md",
  "README.md",
  "SECURITY.md",
  "client/README.md",
  "docs/CLIENT.md",
  "docs/GUARDS.md",
  "docs/PROTOCOL.md",
  "docs/adr",
  "docs/glossary.md",
  "examples/README.md",
  "local/README.md",
  "server/README.md",
];
