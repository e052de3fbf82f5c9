import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import * as lambda from "aws-cdk-lib/aws-lambda";
import { Duration, type Stack } from "aws-cdk-lib";
import { buildSync } from "esbuild";
import type { GuardRequest } from "push-it-server/guards";
import type { TestSystem, TestSystemOptions } from "./system.js";

const ROOT = resolve(__dirname, "../../..");

/** Code of guard functions, inside the package, so that `push-it-server/guards` is this one. */
export class GuardCode {
  readonly #folders: string[] = [];

  /**
   * A guard function from a module that exports its `handler`; bundled, as it would be deployed.
   * @param timeout left out: that of its places
   */
  node(stack: Stack, id: string, source: string, timeout?: Duration): lambda.Function {
    const folder = this.#folder();
    buildSync({
      stdin: { contents: source, resolveDir: ROOT, loader: "ts" },
      outfile: join(folder, "index.mjs"),
      bundle: true,
      platform: "node",
      format: "esm",
      target: "node20",
      logLevel: "silent",
      banner: {
        js: 'import { createRequire as requireForTest } from "node:module"; const require = requireForTest(import.meta.url);',
      },
    });
    const runtime = lambda.Runtime.NODEJS_24_X;
    return new lambda.Function(stack, id, {
      runtime,
      handler: "index.handler",
      code: lambda.Code.fromAsset(folder),
      ...(timeout && { timeout }),
    });
  }

  /** A guard function from a Python file with a `handler`. */
  python(stack: Stack, id: string, source: string): lambda.Function {
    const folder = this.#folder();
    writeFileSync(join(folder, "guard.py"), source);
    const runtime = lambda.Runtime.PYTHON_3_13;
    return new lambda.Function(stack, id, { runtime, handler: "guard.handler", code: lambda.Code.fromAsset(folder) });
  }

  /** Removes what it has written. */
  remove(): void {
    for (const folder of this.#folders.splice(0)) rmSync(folder, { recursive: true, force: true });
  }

  #folder(): string {
    const parent = join(ROOT, ".push-it");
    mkdirSync(parent, { recursive: true });
    const folder = mkdtempSync(join(parent, "guard-"));
    this.#folders.push(folder);
    return folder;
  }
}

/** The only block of code in this language on docs/GUARDS.md that has `mark` in it. */
export const blockOf = (language: string, mark: string): string => {
  const page = readFileSync(join(ROOT, "docs/GUARDS.md"), "utf8");
  const blocks = [...page.matchAll(new RegExp(`^\`\`\`${language}\\n([^]*?)^\`\`\``, "gm"))].map(
    ([, block = ""]) => block,
  );
  const found = blocks.filter((block) => block.includes(mark));
  if (found.length !== 1) throw new Error(`${found.length} blocks of ${language} with ${mark}`);
  return found[0]!;
};

/** A function as every guard. */
export const everywhere = (guard: lambda.IFunction) => ({
  onConnectionRequest: guard,
  onSubscriptionRequest: guard,
  onUnsubscriptionRequest: guard,
  onPresenceRequest: guard,
  onPublicationRequest: guard,
  onMessageReceived: guard,
  onDisconnect: guard,
});

/** Time enough for a cold start on a busy machine. */
const ENOUGH = Duration.seconds(8);

/** Props with timeouts that are long enough for cold starts. */
export const PATIENT: TestSystemOptions["props"] = {
  timeouts: {
    onConnectionRequest: ENOUGH,
    onSubscriptionRequest: ENOUGH,
    onUnsubscriptionRequest: ENOUGH,
    onPresenceRequest: ENOUGH,
    onPublicationRequest: ENOUGH,
    onMessageReceived: ENOUGH,
  },
  wildcards: ["stories/*"],
};

/** The requests that a guard function received, by guard. */
export const requestsTo = (system: TestSystem, constructId: string, guard: string): GuardRequest[] =>
  system.invocations
    .filter(({ functionId }) => functionId === system.functionOf(constructId))
    .map(({ event }) => event as GuardRequest)
    .filter((request) => request.guard === guard);
