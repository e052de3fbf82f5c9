import { mkdirSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { COMMON_JS, commandOf, Consumer, ES_MODULES, EXPECTED } from "./packed.js";

/** A test in a page, of a runner that brings `test` and `expect`. */
const inPage = (imported: string): string => `${imported}
  test("the SDK works in a page", async () => {
    expect(document.nodeType).toBe(9);
    expect(await behaviour(client, core)).toBe(${JSON.stringify(EXPECTED.trim())});
    const pushIt = new client.PushIt({ url: "ws://127.0.0.1:1/live" });
    expect(pushIt.state).toBe("connecting");
    pushIt.disconnect();
  });
`;

const passedIn = (report: string): number => (JSON.parse(report) as { numPassedTests: number }).numPassedTests;

test("Jest runs the SDK as CommonJS in jsdom without a transform", () => {
  const required = `
    const { behaviour } = require("./behaviour.cjs");
    const client = require("push-it-client");
    const core = require("push-it-client/core");
  `;
  const app = new Consumer("jest", { "behaviour.cjs": COMMON_JS["behaviour.cjs"], "page.test.cjs": inPage(required) });
  const config = {
    rootDir: app.folder,
    testMatch: ["<rootDir>/*.test.cjs"],
    testEnvironment: commandOf("jest-environment-jsdom"),
    transform: {},
    cacheDirectory: join(app.folder, "cache"),
  };
  expect(
    passedIn(app.node([commandOf("jest/bin/jest.js"), "--json", "--runInBand", "--config", JSON.stringify(config)])),
  ).toBe(1);
});

test("Vitest runs the SDK as ES modules, in a page of jsdom", () => {
  const imported = `
    import { expect, test } from "vitest";
    import * as client from "push-it-client";
    import * as core from "push-it-client/core";
    import { behaviour } from "./behaviour.mjs";
  `;
  const app = new Consumer("vitest", {
    "behaviour.mjs": ES_MODULES["behaviour.mjs"],
    "page.test.mjs": inPage(imported),
  });
  mkdirSync(join(app.folder, "node_modules"));
  symlinkSync(commandOf("vitest"), join(app.folder, "node_modules/vitest"), "junction");
  const report = app.node([
    commandOf("vitest/vitest.mjs"),
    "run",
    "--reporter=json",
    "--environment=jsdom",
    "--root",
    app.folder,
  ]);
  expect(passedIn(report)).toBe(1);
});
