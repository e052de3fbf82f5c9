import { isTimeout } from "./leaks.js";

/** How long before an episode a timeout may have begun to disturb it, in milliseconds. */
const AFTERMATH_MS = 30_000;

/** The log of the running system, line by line. */
export class ServerLog {
  readonly lines: string[] = [];
  /** When the lines arrived that report timeouts, in epoch milliseconds. */
  readonly #timeouts: number[] = [];

  /** Adds a line that has just arrived. */
  add(line: string): void {
    this.lines.push(line);
    if (isTimeout(line)) this.#timeouts.push(Date.now());
  }

  /**
   * Whether a service did not answer in time.
   * @param since when the work in question began, in epoch milliseconds. A timeout shortly before it counts too
   */
  sawTimeouts(since: number): boolean {
    return this.#timeouts.some((at) => at > since - AFTERMATH_MS);
  }
}
