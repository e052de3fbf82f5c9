import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { isAbsolute, join } from "node:path";
import type { InvocationReport } from "../../../local/services/lambda/runtime/pool.js";
import { startSystem } from "../../../local/dev/system/start-system.js";
import type { System } from "../../../local/dev/system/system.js";
import type { LogEntry } from "../../../local/core/log.js";
import { Waiting } from "../../e2e/support/waiting.js";
import { ROOT, type StackTemplate } from "./releases.js";

interface AssetManifest {
  version: string;
  files: Record<string, { source: { path?: string } }>;
}

const readJson = <T>(path: string): T => JSON.parse(readFileSync(path, "utf8")) as T;

/** The assets of a stack, by paths that hold in any folder. */
const assetsOf = (assembly: string, stack: string): AssetManifest => {
  const manifest = readJson<AssetManifest>(join(assembly, `${stack}.assets.json`));
  for (const { source } of Object.values(manifest.files)) {
    if (source.path !== undefined && !isAbsolute(source.path)) source.path = join(assembly, source.path);
  }
  return manifest;
};

/** Most environments of one function. */
const ENVIRONMENTS = 2;

/** A stack that runs while its template is changed, as a deployed one does. */
export class LiveStack {
  /** Everything that the runtime has logged, functions included. */
  readonly logs: LogEntry[] = [];
  /** Every invocation that is over. */
  readonly invocations: InvocationReport[] = [];
  readonly #waiting = new Waiting();
  readonly #files: AssetManifest["files"] = {};
  #running: System | undefined;

  private constructor(
    private readonly folder: string,
    private readonly stack: string,
  ) {}

  /**
   * Runs a stack.
   * @param folder a new folder, for the template as it is at the time
   * @param assemblies the assemblies with the code that its templates name
   * @param template its first template
   */
  static async start(
    folder: string,
    stack: string,
    assemblies: readonly string[],
    template: StackTemplate,
  ): Promise<LiveStack> {
    mkdirSync(folder, { recursive: true });
    const live = new LiveStack(folder, stack);
    writeFileSync(join(folder, "manifest.json"), JSON.stringify(manifestOf(stack)));
    live.#write("template", template);
    for (const assembly of assemblies) live.#add(assembly);
    live.#running = await startSystem({
      project: ROOT,
      dist: join(ROOT, "local/dist"),
      assembly: folder,
      construct: `${stack}/PushIt`,
      dynamodb: process.env["PUSH_IT_TEST_DYNAMODB"] ?? "embedded",
      // Each change makes them start anew: few of them, or the test would do little else.
      maxEnvironments: ENVIRONMENTS,
      log: (entry) => void live.logs.push(entry),
      report(invocation) {
        live.invocations.push(invocation);
        live.#waiting.notify();
      },
    });
    return live;
  }

  /** The running system. */
  get running(): System {
    if (!this.#running) throw new Error("the stack does not run");
    return this.#running;
  }

  /**
   * Goes on with another template.
   * @param assembly the assembly with its code, unless an earlier one has it
   */
  async change(template: StackTemplate, assembly?: string): Promise<void> {
    if (assembly !== undefined) this.#add(assembly);
    this.#write("template", template);
    await this.running.reload();
  }

  /** Resolves when there is such an invocation, now or later. */
  invoked(is: (invocation: InvocationReport) => boolean): Promise<InvocationReport> {
    return this.#waiting.until(
      () => this.invocations.find(is),
      () => "an invocation",
    );
  }

  /** Ends everything. */
  close(): Promise<void> {
    return this.running.close();
  }

  #add(assembly: string): void {
    const { files, ...manifest } = assetsOf(assembly, this.stack);
    Object.assign(this.#files, files);
    this.#write("assets", { ...manifest, files: this.#files });
  }

  #write(kind: "assets" | "template", contents: unknown): void {
    writeFileSync(join(this.folder, `${this.stack}.${kind}.json`), JSON.stringify(contents));
  }
}

const manifestOf = (stack: string): unknown => ({
  version: "55.0.0",
  artifacts: {
    [`${stack}.assets`]: { type: "cdk:asset-manifest", properties: { file: `${stack}.assets.json` } },
    [stack]: {
      type: "aws:cloudformation:stack",
      environment: "aws://unknown-account/unknown-region",
      properties: { templateFile: `${stack}.template.json` },
      dependencies: [`${stack}.assets`],
    },
  },
});
