import { spawn, type ChildProcess } from "node:child_process";

/*
 * A frozen process cannot notice that its parent died. So a small shell process waits next to the runtime. Whenever the
 * list of processes changes, it receives the new list, one line each time. When its input closes, the runtime has
 * ended: then it kills the processes of the last list and removes the runtime's folder. Each listed process leads a
 * group, so that its own children are killed with it.
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

  /** @param folder the folder to remove at the end */
  constructor(folder = "") {
    // A group of its own, so that Ctrl-C in the terminal does not reach it.
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

  /** Ends the reaper, and kills the processes that are still on its list. */
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
