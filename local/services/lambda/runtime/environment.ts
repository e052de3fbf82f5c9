import { spawn, type ChildProcess } from "node:child_process";
import { isAbsolute } from "node:path";
import type { Readable, Writable } from "node:stream";
import type { FunctionError } from "../../../core/invoker.js";
import { encodeFrame, EVENTS_FD, FrameReader, RESULTS_FD } from "../frames.js";
import type { ProcessReaper } from "../../../core/process-reaper.js";
import type { Launch } from "./launch.js";
import type { ChildMessage, Invocation, Measured } from "../messages.js";

/** How a function's process is started. */
export interface EnvironmentSpec extends Launch {
  /** The asset's folder. */
  cwd: string;
  variables: Record<string, string>;
}

/** What came of one event in one environment. */
export type Outcome =
  | ({ kind: "result"; payload: unknown } & Measured)
  | ({ kind: "error"; error: FunctionError } & Measured)
  | { kind: "timeout" }
  | { kind: "crash"; error: FunctionError };

/** Takes what a function writes: through `console` (one call, one line), or straight to its output. */
export type WriteLog = (level: string, line: string) => void;

/**
 * Most time that loading a function may take, in milliseconds.
 * @see https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtime-environment.html
 */
const INIT_MS = 10_000;

/**
 * One execution environment: a process that has loaded the function and serves one event at a time. Between events it
 * is frozen: its main thread waits inside a read, and SIGSTOP holds its other threads.
 */
export class Environment {
  readonly #child: ChildProcess;
  readonly #events: Writable;
  readonly #write: WriteLog;
  #logged: ((line: string) => void) | undefined;
  #settle: ((outcome: Outcome) => void) | undefined;
  #fatal: FunctionError | undefined;
  #ready: () => void = () => undefined;
  #initTimer: NodeJS.Timeout | undefined;

  /** Resolves when the function is loaded; rejects with an `InitError` when it cannot be. */
  readonly ready: Promise<void>;
  /** Resolves when the process has ended. */
  readonly ended: Promise<void>;

  constructor(spec: EnvironmentSpec, reaper: ProcessReaper, write: WriteLog) {
    this.#write = (level, line) => {
      this.#logged?.(line);
      write(level, line);
    };
    this.accessKeyId = spec.variables["AWS_ACCESS_KEY_ID"] ?? "";
    this.#child = spawn(spec.command, spec.args, {
      cwd: spec.cwd,
      env: spec.variables,
      stdio: ["ignore", "pipe", "pipe", "pipe", "pipe"],
      detached: true,
    });
    reaper.watch(this.#child);
    this.#events = this.#child.stdio[EVENTS_FD] as Writable;
    this.#events.on("error", () => undefined);
    this.#listen(spec.command);
    this.ended = new Promise((resolve) => this.#child.once("close", () => resolve()));
    this.ready = this.#init();
    this.ready.catch(() => undefined);
  }

  /** The access key that its function has in it, and nowhere else. */
  readonly accessKeyId: string;

  /** The process's id. */
  get pid(): number | undefined {
    return this.#child.pid;
  }

  /**
   * Runs one event; never rejects. After `timeout` and `crash` the environment is gone.
   * @param logged told of each line that is logged meanwhile
   */
  run(invocation: Invocation, logged?: (line: string) => void): Promise<Outcome> {
    return new Promise((resolve) => {
      this.#logged = logged;
      const timer = setTimeout(() => this.#finish({ kind: "timeout" }), invocation.deadline - Date.now());
      this.#settle = (outcome) => {
        clearTimeout(timer);
        this.#settle = undefined;
        this.#logged = undefined;
        resolve(outcome);
      };
      this.#signal("SIGCONT");
      this.#events.write(encodeFrame(invocation));
    });
  }

  /** Ends the process and whatever it has started. */
  kill(): void {
    this.#signal("SIGKILL");
  }

  /** Stops it in the middle of what it does, for good: its event ends when its time is over. */
  freeze(): void {
    this.#signal("SIGSTOP");
  }

  /** To the process and what it has started: an environment freezes, thaws and ends as a whole. */
  #signal(signal: NodeJS.Signals): void {
    const { pid, exitCode, signalCode } = this.#child;
    if (pid === undefined || exitCode !== null || signalCode !== null) return;
    try {
      process.kill(-pid, signal);
    } catch {
      // It has ended a moment ago; "close" is on its way.
    }
  }

  #init(): Promise<void> {
    return new Promise<void>((resolve, reject) => {
      this.#ready = resolve;
      this.#settle = (outcome) => {
        this.#settle = undefined;
        reject(new InitError(outcome.kind === "crash" ? outcome.error : INIT_TIMEOUT));
      };
      this.#initTimer = setTimeout(() => this.#finish({ kind: "timeout" }), INIT_MS);
    }).finally(() => clearTimeout(this.#initTimer));
  }

  #listen(command: string): void {
    const reader = new FrameReader<ChildMessage>();
    const results = this.#child.stdio[RESULTS_FD] as Readable;
    results.on("data", (chunk: Buffer) => reader.push(chunk).forEach((message) => this.#receive(message)));
    for (const [stream, level] of [
      [this.#child.stdout, "info"],
      [this.#child.stderr, "error"],
    ] as const) {
      const lines = new LineReader((line) => this.#write(level, line));
      stream?.on("data", (chunk: Buffer) => lines.push(chunk));
      stream?.on("end", () => lines.end());
    }
    this.#child.once("error", (error) => this.#crash(startError(command, error)));
    // "close", not "exit": what the process wrote before it ended has been read by then.
    this.#child.once("close", (code, signal) => this.#crash(this.#fatal ?? exitError(code, signal)));
  }

  #receive(message: ChildMessage): void {
    if (message.type === "log") return this.#write(message.level, message.line);
    if (message.type === "fatal") {
      this.#fatal = message.error;
      return;
    }
    this.#signal("SIGSTOP");
    if (message.type === "ready") {
      this.#settle = undefined;
      this.#ready();
    } else {
      const measured = message.spent && { spent: message.spent };
      if (message.type === "result") this.#finish({ kind: "result", payload: message.payload, ...measured });
      else this.#finish({ kind: "error", error: message.error, ...measured });
    }
  }

  #crash(error: FunctionError): void {
    this.#finish({ kind: "crash", error });
  }

  #finish(outcome: Outcome): void {
    if (outcome.kind === "timeout") this.kill();
    this.#settle?.(outcome);
  }
}

/** Why a function could not be loaded. */
export class InitError extends Error {
  override name = "InitError";

  constructor(
    /** As Lambda reports it. */
    readonly reported: FunctionError,
  ) {
    super(reported.errorMessage);
  }
}

const INIT_TIMEOUT: FunctionError = {
  errorType: "Sandbox.Timedout",
  errorMessage: `The function was not loaded after ${INIT_MS / 1000} seconds.`,
};

const startError = (command: string, { code, message }: NodeJS.ErrnoException): FunctionError => ({
  errorType: "Runtime.StartError",
  errorMessage:
    code === "ENOENT" && !isAbsolute(command)
      ? `The function needs ${command}, which is not installed here, or not on the PATH.`
      : message,
});

const exitError = (code: number | null, signal: NodeJS.Signals | null): FunctionError => ({
  errorType: "Runtime.ExitError",
  errorMessage: `Runtime exited with error: ${signal ? `signal: ${signal}` : `exit status ${code}`}`,
});

/** Cuts output into lines. */
class LineReader {
  #rest = "";

  constructor(private readonly emit: (line: string) => void) {}

  push(chunk: Buffer): void {
    const lines = (this.#rest + chunk.toString("utf8")).split("\n");
    this.#rest = lines.pop() ?? "";
    lines.forEach((line) => this.emit(line));
  }

  end(): void {
    if (this.#rest) this.emit(this.#rest);
    this.#rest = "";
  }
}
