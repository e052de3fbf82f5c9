import js from "@eslint/js";
import tseslint from "typescript-eslint";

export default tseslint.config(
  { ignores: ["**/node_modules/", "dist/", "cdk.out/", "coverage/", ".push-it/"] },
  { linterOptions: { reportUnusedDisableDirectives: "error" } },
  js.configs.recommended,
  {
    files: ["**/*.ts"],
    extends: [tseslint.configs.recommendedTypeChecked, tseslint.configs.stylisticTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      "@typescript-eslint/no-explicit-any": "error",
      "@typescript-eslint/no-floating-promises": "error",
      "@typescript-eslint/switch-exhaustiveness-check": "error",
      "@typescript-eslint/consistent-type-imports": ["error", { fixStyle: "inline-type-imports" }],
      "@typescript-eslint/no-unused-vars": ["error", { argsIgnorePattern: "^_", varsIgnorePattern: "^_", ignoreRestSiblings: true }],
      eqeqeq: "error",
      "no-console": "off",
    },
  },
  {
    // Constants are used in functions above them: a file begins with what it is for.
    files: ["**/*.ts", "**/*.mjs"],
    rules: { "no-use-before-define": "off", "max-lines": ["error", { max: 320 }] },
  },
  {
    files: ["test/**/*.ts"],
    rules: {
      // Tests look into JSON that has no types, and assert on what must be there.
      "@typescript-eslint/no-non-null-assertion": "off",
      "max-lines": "off",
    },
  },
  {
    files: ["scripts/**/*.mjs", "*.mjs", "*.js"],
    languageOptions: {
      globals: Object.fromEntries(
        ["process", "console", "URL", "Buffer", "module", "require", "__dirname", "setTimeout", "performance"].map(
          (name) => [name, "readonly"],
        ),
      ),
    },
  },
);
