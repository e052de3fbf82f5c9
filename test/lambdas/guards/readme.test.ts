import { readFileSync } from "node:fs";
import { join } from "node:path";
import { runInNewContext } from "node:vm";
import ts from "typescript";
import { guardHandler, type Guards } from "push-it-server/guards";
import type { GuardRequest } from "../../../lambdas/guards/contract.js";

/** The guard module of the README, as somebody would copy it. */
const example = (): Guards => {
  const page = readFileSync(join(__dirname, "../../../README.md"), "utf8");
  const source = /```ts\n(import \{ guards \}[^]*?)```/.exec(page)?.[1] ?? "";
  const { outputText } = ts.transpileModule(source, {
    compilerOptions: { module: ts.ModuleKind.CommonJS, target: ts.ScriptTarget.ES2022 },
  });
  const exports: { default?: Guards } = {};
  runInNewContext(outputText, { exports, require: () => ({ guards: (module: Guards) => module }) });
  return exports.default!;
};

const verdictOn = async (channel: string, name: string): Promise<string | undefined> => {
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
  return (await guardHandler(example())(request))?.verdict;
};

test.each([
  ["private/ann", "ann", "subscribe"],
  ["private/ann", "bob", "subscriptionDenied"],
  ["private/*", "ann", "subscriptionDenied"],
  ["private/*", "*", "subscriptionDenied"],
  ["stories/5", "ann", "subscribe"],
])("the README's guard decides about %s for a user called %s: %s", async (channel, name, verdict) => {
  expect(await verdictOn(channel, name)).toBe(verdict);
});
