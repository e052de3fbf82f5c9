import js from "@eslint/js";
import { defineConfig, globalIgnores } from "eslint/config";
import tseslint from "typescript-eslint";
import { prose } from "./scripts/prose/eslint-plugin.mjs";
import { HELD_CODE } from "./scripts/prose/held.mjs";

/** Globals of Node that plain scripts use. */
const NODE = ["Buffer", "URL", "__dirname", "console", "module", "performance", "process", "require", "setTimeout"];

export default defineConfig(
  globalIgnores(["**/node_modules/", "**/dist/", "cdk.out/", "coverage/", ".push-it/"]),
  // Next.js is not installed here, so its types are not known. A test installs it, and checks the types.
  globalIgnores(["examples/next/app/", "examples/next/lib/session.ts"]),
  { linterOptions: { reportUnusedDisableDirectives: "error" } },
  js.configs.recommended,
  { rules: { eqeqeq: ["error", "always", { null: "ignore" }], "max-lines": ["error", { max: 320 }] } },
  {
    files: ["**/*.{ts,tsx}"],
    extends: [tseslint.configs.recommendedTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      "@typescript-eslint/consistent-type-imports": [
        "error",
        // `typeof import("esbuild")` is how an optional package is typed without loading it.
        { fixStyle: "inline-type-imports", disallowTypeAnnotations: false },
      ],
      "@typescript-eslint/no-unused-vars": ["error", { argsIgnorePattern: "^_", varsIgnorePattern: "^_" }],
      // A function can be async because its type says so, without awaiting anything yet.
      "@typescript-eslint/require-await": "off",
      "@typescript-eslint/switch-exhaustiveness-check": "error",
      // Our objects are mostly closures that do not use `this`, so unbound methods are safe.
      "@typescript-eslint/unbound-method": "off",
    },
  },
  {
    files: ["**/*.tsx"],
    rules: {
      // A text field of a form is a string, and React takes handlers that return promises.
      "@typescript-eslint/no-base-to-string": "off",
      "@typescript-eslint/no-misused-promises": ["error", { checksVoidReturn: { attributes: false } }],
    },
  },
  {
    files: ["test/**/*.ts"],
    rules: {
      // Jest's asymmetric matchers have the type `any`, and tests print many values as text.
      "@typescript-eslint/no-base-to-string": "off",
      "@typescript-eslint/no-unsafe-argument": "off",
      "@typescript-eslint/no-unsafe-assignment": "off",
      "@typescript-eslint/restrict-template-expressions": "off",
    },
  },
  {
    files: ["**/*.mjs", "**/*.cjs", "**/*.js"],
    languageOptions: { globals: Object.fromEntries(NODE.map((name) => [name, "readonly"])) },
  },
  {
    files: HELD_CODE.flatMap((path) => [path, `${path}/**/*.{ts,mjs,cjs,js}`]),
    plugins: { prose },
    rules: { "prose/plain-english": "error" },
  },
);
