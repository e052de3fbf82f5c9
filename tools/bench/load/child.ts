import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";

/** The operations of a process, by name. Arguments and results are JSON. */
export type Operations<W> = { [name in keyof W]: (argument: never) => unknown };

/** A request to the process. */
interface ChildRequest {
  id: number;
  name: string;
  argument: unknown;
}

/** A message of the process: the result of a request, or that it has started (`id` 0). */
type ChildMessage = { id: number; answer?: unknown } | { id: number; error: string };

interface Pending {
  resolve(answer: never): void;
  reject(error: Error): void;
}

/** Options for TypeScript; `gc` makes memory comparable. */
const NODE_OPTIONS = ["--import", "tsx", "--expose-gc"];

/** A process for one part of a benchmark, so that the parts do not disturb each other. It ends with this one. */
export class Child<W extends Operations<W>> {
  readonly #process: ChildProcess;
  readonly #pending = new Map<number, Pending>();
  #asked = 0;
  #errors = "";

  private constructor(file: string, argument: unknown) {
    const stdio = ["ignore", "ignore", "pipe", "ipc"] as const;
    this.#process = fork(file, [JSON.stringify(argument)], { execArgv: NODE_OPTIONS, stdio: [...stdio] });
    this.#process.stderr?.on("data", (text: Buffer) => (this.#errors = (this.#errors + text.toString()).slice(-2000)));
    this.#process.on("message", (said: ChildMessage) => this.#said(said));
    this.#process.on("close", (code) =>
      this.#ended(new Error(`a process of the benchmark ended (${code}):\n${this.#errors}`)),
    );
  }

  /**
   * Starts a file that calls `serve`, and waits until it is ready.
   * @throws Error (rejects) with its stderr, if it ends before that
   */
  static async start<W extends Operations<W>>(file: string, argument: unknown): Promise<Child<W>> {
    const child = new Child<W>(file, argument);
    await child.#answer(0);
    return child;
  }

  /** Calls an operation. Rejects if it fails, or if the process ends. */
  call<Name extends keyof W & string>(
    name: Name,
    argument?: Parameters<W[Name]>[0],
  ): Promise<Awaited<ReturnType<W[Name]>>> {
    const id = (this.#asked += 1);
    this.#process.send({ id, name, argument } satisfies ChildRequest);
    return this.#answer(id);
  }

  /** Stops the process, and waits for its end. */
  async stop(): Promise<void> {
    if (this.#process.exitCode !== null || this.#process.signalCode !== null) return;
    // Not `close`, which is not emitted after `disconnect`.
    const gone = once(this.#process, "exit");
    this.#process.disconnect();
    await gone;
  }

  #answer<Answer>(id: number): Promise<Answer> {
    return new Promise<Answer>((resolve, reject) => this.#pending.set(id, { resolve, reject }));
  }

  #said(said: ChildMessage): void {
    const pending = this.#pending.get(said.id);
    this.#pending.delete(said.id);
    if ("error" in said) pending?.reject(new Error(said.error));
    else pending?.resolve(said.answer as never);
  }

  #ended(error: Error): void {
    for (const { reject } of this.#pending.values()) reject(error);
    this.#pending.clear();
  }
}

/**
 * Serves the operations, in the started file.
 * @param make creates the operations for the start argument; `close` is called before the end
 */
export const serve = async <Argument, W extends Operations<W>>(
  make: (argument: Argument) => Promise<{ works: W; close(): unknown }>,
): Promise<void> => {
  const send = (said: ChildMessage): void => void process.send?.(said);
  const { works, close } = await make(JSON.parse(process.argv[2] ?? "null") as Argument);
  const work = async ({ id, name, argument }: ChildRequest): Promise<void> => {
    try {
      send({ id, answer: await works[name as keyof W](argument as never) });
    } catch (error) {
      send({ id, error: String(error) });
    }
  };
  process.on("message", (asked: ChildRequest) => void work(asked));
  process.once("disconnect", () => void Promise.resolve(close()).finally(() => process.exit()));
  send({ id: 0 });
};
