import { readFileSync } from "node:fs";
import { join } from "node:path";
import { runInNewContext } from "node:vm";
import ts from "typescript";
import { guardHandler, type Guards } from "push-it-server/guards";
import type { GuardRequest } from "../../../lambdas/guards/contract.js";

/** The first guard module of a page, as a reader would copy it. */
const exampleOf = (name: string): Guards => {
  const page = readFileSync(join(__dirname, "../../..", name), "utf8");
  const source = /```ts\n(import \{ guards \}[^]*?)```/.exec(page)?.[1] ?? "";
  const { outputText } = ts.transpileModule(source, {
    compilerOptions: { module: ts.ModuleKind.CommonJS, target: ts.ScriptTarget.ES2022 },
  });
  const exports: { default?: Guards } = {};
  runInNewContext(outputText, { exports, require: () => ({ guards: (module: Guards) => module }) });
  return exports.default!;
};

const verdictOf = async (guards: Guards, channel: string, name: string): Promise<string | undefined> => {
  const agent = {
    uuid: "a1",
    credentials: { name },
    isConnected: true,
    connection: { id: "c1", sourceIp: "", userAgent: "" },
  };
  const request: GuardRequest = {
    version: 1,
    guard: "onSubscriptionRequest",
    timeoutMs: 1_000,
    wildcards: ["private/*"],
    agent,
    channel,
  };
  return (await guardHandler(guards)(request))?.verdict;
};

describe.each(["README.md", "docs/GUARDS.md"])("the guard of %s", (page) => {
  it.each([
    ["private/ann", "ann", "subscribe"],
    ["private/ann", "bob", "subscriptionDenied"],
    ["private/*", "ann", "subscriptionDenied"],
    ["private/*", "*", "subscriptionDenied"],
    ["stories/5", "ann", "subscribe"],
  ])("decides about %s for a user called %s: %s", async (channel, name, verdict) => {
    expect(await verdictOf(exampleOf(page), channel, name)).toBe(verdict);
  });
});
