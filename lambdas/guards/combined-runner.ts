import { DEFAULT_ENTRY, type HandlerName, type Manifest } from "../../protocol/guard-manifest.js";
import type { Log } from "../ports.js";
import type { GuardCall } from "./messages.js";
import type { CallResult, GuardRunner } from "./runner.js";

/** A handler that both define at the same entry; `undefined` if there is none. */
const conflictOf = (module: Manifest, functions: Manifest): string | undefined => {
  for (const [entry, handlers] of Object.entries(functions)) {
    const both = handlers.find((handler) => defines(module, entry, handler));
    if (both) return `${both} of ${entry === DEFAULT_ENTRY ? "the whole system" : `"${entry}"`}`;
  }
  return undefined;
};

const defines = (manifest: Manifest, entry: string, handler: HandlerName): boolean =>
  Object.hasOwn(manifest, entry) && (manifest[entry]?.includes(handler) ?? false);

const merged = (module: Manifest, functions: Manifest): Manifest =>
  Object.fromEntries(
    [...new Set([...Object.keys(module), ...Object.keys(functions)])].map((entry) => [
      entry,
      [module, functions].flatMap((manifest) => (Object.hasOwn(manifest, entry) ? (manifest[entry] ?? []) : [])),
    ]),
  );

/**
 * Combines a guard module and guard functions: each decides its own entries. If both define the same handler at the
 * same entry, the decision would be ambiguous, so that all guards fail.
 */
export class CombinedRunner implements GuardRunner {
  readonly #module: GuardRunner;
  readonly #functions: GuardRunner & { manifest(): Promise<Manifest> };
  readonly #log: Pick<Log, "error">;
  /** The combination with the module's manifest, which is another object after the module was loaded again. */
  #known: { module: Manifest; functions: Manifest; manifest: Manifest | undefined } | undefined;

  constructor(
    module: GuardRunner,
    functions: GuardRunner & { manifest(): Promise<Manifest> },
    log: Pick<Log, "error">,
  ) {
    this.#module = module;
    this.#functions = functions;
    this.#log = log;
  }

  async manifest(timeoutMs: number): Promise<Manifest | "timeout" | undefined> {
    const [module, functions] = await Promise.all([this.#module.manifest(timeoutMs), this.#functions.manifest()]);
    if (typeof module !== "object") return module;
    if (this.#known?.module !== module) this.#known = { module, functions, manifest: this.#combine(module, functions) };
    return this.#known.manifest;
  }

  run(call: GuardCall, timeoutMs: number, withinMs?: number, begun?: () => void): Promise<CallResult> {
    const isFunction = this.#known && defines(this.#known.functions, call.entry, call.handler);
    return (isFunction ? this.#functions : this.#module).run(call, timeoutMs, withinMs, begun);
  }

  #combine(module: Manifest, functions: Manifest): Manifest | undefined {
    const conflict = conflictOf(module, functions);
    if (conflict === undefined) return merged(module, functions);
    this.#log.error("guards_not_loaded", {
      detail: `${conflict} is defined by the guard module and by a guard function: leave it out of one of them`,
    });
    return undefined;
  }
}
