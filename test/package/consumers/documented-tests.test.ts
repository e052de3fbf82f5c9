import { mkdirSync, readFileSync, symlinkSync } from "node:fs";
import { dirname, join } from "node:path";
import { ROOT } from "../processes.js";
import { commandOf, Consumer } from "./packed.js";

const PAGE = readFileSync(join(ROOT, "docs/TESTING.md"), "utf8");

/** The files of the page's example, by name. */
const FILES = Object.fromEntries(
  [...PAGE.matchAll(/^```tsx\n\/\/ (\S+)\n(.*?)^```$/gms)].map(([, name, text]) => [name!, text!]),
);

/** The packages that the example's application has, in addition to Push-It: from this repository. */
const PACKAGES = ["@testing-library/react", "@testing-library/dom", "react-dom", "vitest"];

const appOf = (name: string): Consumer => {
  const app = new Consumer(name, FILES);
  for (const each of PACKAGES) {
    const link = join(app.folder, "node_modules", each);
    mkdirSync(dirname(link), { recursive: true });
    symlinkSync(join(ROOT, "node_modules", each), link, "junction");
  }
  return app;
};

interface Report {
  numPassedTests: number;
  numTotalTests: number;
  /** Of Jest, with `--detectOpenHandles`. */
  openHandles?: unknown[];
}

const reportOf = (output: string): Report => JSON.parse(output.slice(output.indexOf("{"))) as Report;

describe("the tests in docs/TESTING.md", () => {
  it("are there", () => {
    expect(Object.keys(FILES)).toEqual(["Chat.tsx", "Chat.test.tsx"]);
    expect(FILES["Chat.test.tsx"]!.match(/^it\(/gm)).toHaveLength(4);
  });

  it("pass in Jest, which finds no open handle", () => {
    const app = appOf("jest-example");
    const parser = { syntax: "typescript", tsx: true };
    const config = {
      rootDir: app.folder,
      testMatch: ["<rootDir>/*.test.tsx"],
      testEnvironment: commandOf("jest-environment-jsdom"),
      transform: {
        "\\.tsx$": [commandOf("@swc/jest"), { jsc: { parser, transform: { react: { runtime: "automatic" } } } }],
      },
      cacheDirectory: join(app.folder, "cache"),
    };
    const args = ["--json", "--runInBand", "--detectOpenHandles", "--config", JSON.stringify(config)];
    const report = reportOf(app.node([commandOf("jest/bin/jest.js"), ...args]));
    expect(report).toMatchObject({ numPassedTests: 4, numTotalTests: 4, openHandles: [] });
  });

  it("pass in Vitest", () => {
    const app = appOf("vitest-example");
    const config = 'export default { esbuild: { jsx: "automatic" }, oxc: { jsx: { runtime: "automatic" } } };';
    app.write("vitest.config.mjs", config);
    const args = ["run", "--reporter=json", "--environment=jsdom", "--globals", "--root", app.folder];
    const report = reportOf(app.node([commandOf("vitest/vitest.mjs"), ...args]));
    expect(report).toMatchObject({ numPassedTests: 4, numTotalTests: 4 });
  });
});
