// The folders and pages that are held to the rules for plain English.

/** Folders and files of code. All others are not held yet: `node scripts/prose/cli.mjs FOLDER` prints what they need. */
export const HELD_CODE = [
  "protocol",
  "client/src",
  "server/guards",
  "server/publisher",
  "examples/chat",
  "examples/s3-events",
  "examples/guards.ts",
  "test/protocol",
  "test/server",
  "test/client",
  "scripts/prose",
  "test/prose",
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
  "local/README.md",
  "server/README.md",
];
