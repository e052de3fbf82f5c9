import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

/** A temporary folder with some files, and its removal. */
export const folderWith = (files: Record<string, string> = {}): { folder: string; remove: () => void } => {
  const folder = mkdtempSync(join(tmpdir(), "push-it-create-"));
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
  return { folder, remove: () => rmSync(folder, { recursive: true }) };
};

/** The manifest of the template `chat`. */
export const MANIFEST = {
  name: "push-it-chat",
  description: "A chat",
  dependencies: { "push-it-client": "^0.1.0", react: "^19.0.0" },
  devDependencies: { "push-it-cli": "0.1.0" },
};

/** Two templates, `chat` and `plain`, by their files. */
export const TEMPLATES = {
  "chat/package.json": JSON.stringify(MANIFEST),
  "chat/gitignore": "node_modules/\n",
  "chat/src/main.ts": "main();\n",
  "plain/package.json": '{ "name": "plain", "description": "Nothing" }',
};
