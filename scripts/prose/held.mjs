// The folders and pages that are held to the rules for plain English.

/** Folders and files of code. */
export const HELD_CODE = [
  "eslint.config.mjs",
  "examples",
  "protocol",
  "client/src",
  "client/core.js",
  "create",
  "infra",
  "lambdas",
  "local",
  "server/guards",
  "server/publisher",
  "scripts",
  "test",
  "tools",
];

/** Pages. All others are not held yet. */
export const HELD_PAGES = [
  "CONTRIBUTING.md",
  "README.md",
  "SECURITY.md",
  "client/README.md",
  "create/README.md",
  "docs/CLIENT.md",
  "docs/GUARDS.md",
  "docs/PROTOCOL.md",
  "docs/REACT.md",
  "docs/adr",
  "docs/glossary.md",
  "docs/project",
  "examples/README.md",
  "examples/next/README.md",
  "local/README.md",
  "server/README.md",
];
