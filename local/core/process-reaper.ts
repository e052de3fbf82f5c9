import { spawn, type ChildProcess } from "node:child_process";

/*
 * A frozen process cannot notice that its parent died. So a small shell waits beside the runtime: it is told the
 * list of processes whenever that changes, one line each time, and once its input closes, however the runtime ended,
 * it kills what is on the last list and removes the runtime's folder. Each listed process leads a group, so that what
 * it started goes with it.
 */
const SCRIPT = `trap '' INT TERM HUP
pids=
while read -r line; do pids=$line; done
for pid in $pids; do kill -9 "-$pid" 2>/dev/null; done
[ -n "$1" ] && rm -rf "$1"
exit 0`;

/**
 * Kills the given processes, and removes the runtime's folder, when the runtime's own process ends, even by SIGKILL.
 */
export class ProcessReaper {
  readonly #shell: ChildProcess;
  readonly #pids = new Set<number>();

  /** @param folder what to remove in the end */
  constructor(folder = "") {
    // A group of its own: Ctrl-C in the terminal is not for it.
    this.#shell = spawn("/bin/sh", ["-c", SCRIPT, "push-it-reaper", folder], {
      stdio: ["pipe", "ignore", "ignore"],
      detached: true,
    });
    this.#shell.stdin?.on("error", () => undefined);
    this.#shell.unref();
  }

  /** The reaper's own process id. */
  get pid(): number | undefined {
    return this.#shell.pid;
  }

  /** Puts a process on the list; it must lead its own group (`detached: true`). */
  watch(child: ChildProcess): void {
    const { pid } = child;
    if (pid === undefined) return;
    this.#pids.add(pid);
    this.#writePids();
    child.once("exit", () => {
      this.#pids.delete(pid);
      this.#writePids();
    });
  }

  /** Ends the reaper, and what is still on its list. */
  async close(): Promise<void> {
    if (this.#shell.exitCode !== null) return;
    const ended = new Promise<void>((resolve) => this.#shell.once("exit", () => resolve()));
    this.#shell.ref();
    this.#shell.stdin?.end();
    await ended;
  }

  #writePids(): void {
    if (this.#shell.stdin?.writable) this.#shell.stdin.write(`${[...this.#pids].join(" ")}\n`);
  }
}
