/** @type {import("jest").Config} */
module.exports = {
  testEnvironment: "node",
  testMatch: ["<rootDir>/test/**/*.test.ts"],
  transform: {
    "^.+\\.ts$": ["@swc/jest", { jsc: { parser: { syntax: "typescript" }, target: "es2022" } }],
    "/node_modules/(arktype|arkregex|@ark|svelte/src|esm-env|clsx|devalue)/.+\\.js$": [
      "@swc/jest",
      { jsc: { target: "es2022" }, module: { type: "commonjs" } },
    ],
  },
  // Libraries that are ES modules only: Jest loads them as CommonJS.
  transformIgnorePatterns: ["/node_modules/(?!(arktype|arkregex|@ark|svelte/src|esm-env|clsx|devalue)/)"],
  // Sources import each other as what they become: "./x.js" is x.ts here.
  moduleNameMapper: {
    "^(\\.{1,2}/.*)\\.js$": "$1",
    // The packages by their names are their sources, as in tsconfig.json.
    "^push-it-aws$": "<rootDir>/infra/index.ts",
    "^push-it-client$": "<rootDir>/client/src/index.ts",
    "^push-it-client/(core|channels)$": "<rootDir>/client/src/$1.ts",
    "^push-it-client/(react|vue|svelte|views|testing)$": "<rootDir>/client/src/$1/index.ts",
    // Svelte's modules of a page. Node would load those of a server.
    "^svelte$": "<rootDir>/node_modules/svelte/src/index-client.js",
    "^svelte/(reactivity|store)$": "<rootDir>/node_modules/svelte/src/$1/index-client.js",
    "^push-it-server/(guards|publisher)$": "<rootDir>/server/$1/index.ts",
  },
  globalSetup: "<rootDir>/test/run/make-folder.ts",
  globalTeardown: "<rootDir>/test/run/remove-folder.ts",
  setupFiles: ["<rootDir>/test/setup.ts"],
  modulePathIgnorePatterns: ["<rootDir>/((client|local|server|create)/)?dist/", "<rootDir>/cdk.out"],
  reporters: ["default", "<rootDir>/scripts/closing-line.cjs"],
  maxWorkers: 2,
  // Tests of one file that run together: each of them waits most of the time.
  maxConcurrency: 3,
  // For a machine that is busy with other things: what waits in a test says by itself, and sooner, what never came.
  testTimeout: 120_000,
};
